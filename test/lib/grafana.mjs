// Checks a dashboard against Grafana's types: grafana.mjs NODE_MODULES DASHBOARD.
// Prints a line for each error.  NODE_MODULES has typescript and @grafana/schema.

import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const [modules, file] = process.argv.slice(2);
const ts = createRequire(path.join(modules, 'x'))('typescript');
const SCHEMA = '@grafana/schema';
// each type of panel, with the type of what its fields have of their own
const PANELS = {
	stat: 'Record<string, never>',
	table: 'tablePanel.FieldConfig',
	timeseries: 'timeseriesPanel.FieldConfig',
};

const dashboard = JSON.parse(fs.readFileSync(file, 'utf8'));
// what only the import reads
delete dashboard.__inputs;
delete dashboard.__requires;
const checks = [`import type { Dashboard, Panel } from '${SCHEMA}';`];
for (const type of Object.keys(PANELS)) checks.push(`import type * as ${type}Panel from '${SCHEMA}/dist/types/raw/composable/${type}/panelcfg/x/types.gen';`);
const check = (value, type) => checks.push(`(${JSON.stringify(value)}) satisfies ${type};`);
check({ ...dashboard, panels: [] }, 'Dashboard');
for (const panel of dashboard.panels) {
	check(panel, 'Panel');
	check(panel.options, `${panel.type}Panel.Options`);
	check(panel.fieldConfig.defaults.custom ?? {}, PANELS[panel.type] ?? 'never');
}

// A string of JSON is no member of an enum, so each enum becomes a union of its values
const union = (_, name, members) => `type ${name} = ${[...members.matchAll(/= ("[^"]*"|-?\d+)/g)].map(([, value]) => value).join(' | ')};`;
const options = { noEmit: true, strict: true, skipLibCheck: true, types: [], paths: { [`${SCHEMA}/dist/*`]: [`${modules}/${SCHEMA}/dist/*`], '*': [`${modules}/*`] },
	target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
const host = ts.createCompilerHost(options);
const { getSourceFile } = host;
host.getSourceFile = (name, target) => {
	if (name === 'checks.ts') return ts.createSourceFile(name, checks.join('\n'), target);
	if (!name.includes(SCHEMA)) return getSourceFile(name, target);
	return ts.createSourceFile(name, fs.readFileSync(name, 'utf8').replaceAll(/declare enum (\w+) \{([^}]*)\}/g, union), target);
};
const program = ts.createProgram(['checks.ts'], options, host);
for (const { messageText, file: source, start } of ts.getPreEmitDiagnostics(program)) {
	const near = source ? source.text.slice(start, start + 60) : '';
	console.log(ts.flattenDiagnosticMessageText(messageText, ' ').slice(0, 300), near);
}
