"""The dashboard's page in a real browser: page.py URL PICTURES [PART...]

Reads the keys from the environment (KEY, PLAIN_KEY, REVOKED_KEY), so that they are in
no list of processes, and prints a line "ok - ..." or "not ok - ..." for each check.
Pictures of what it sees go to the folder PICTURES.  psql finds the database.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

URL, PICTURES = sys.argv[1], Path(sys.argv[2])
ZONE = "Europe/Berlin"
FEBRUARY = "range=2026-02-26_2026-03-28"
PATIENCE = 90       # seconds, for a machine with other work
MINUTE = 200        # milliseconds: "every minute" is faster here


def check(good, name, detail=""):
    print("%sok - %s" % ("" if good else "not ", name))
    if not good:
        print("# %s" % str(detail)[:2000].replace("\n", "\n# "))
    sys.stdout.flush()


def same(got, expected, name):
    check(got == expected, name, "got %r, expected %r" % (got, expected))


def sql(*queries):
    """As the superuser, in the endpoint's database."""
    command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", os.environ["AD_PAGE_DATABASE"]]
    for query in queries:
        command += ["-c", query]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def over(table):
    """Have the endpoint read that table."""
    sql(*["ALTER FUNCTION api.%s() SET admin_dashboard.calls_table = 'public.%s'" % (name, table)
          for name in ("admin_analytics_dashboard", "admin_analytics_dashboard_rows")])


class Page:
    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = os.environ["CHROMIUM"]
        self.folder = tempfile.mkdtemp()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                         "--no-proxy-server", "--hide-scrollbars", "--lang=en-GB", "--user-data-dir=%s/profile" % self.folder):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(os.environ["CHROMEDRIVER"]))
        self.cdp("Emulation.setTimezoneOverride", timezoneId=ZONE)
        self.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=self.folder)
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source="""{
            const set = setInterval;
            window.setInterval = (f, ms) => set(f, ms === 60000 ? %d : ms);
            performance.setResourceTimingBufferSize(10000);
        }""" % MINUTE)
        self.size(1400)

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def size(self, width, height=900, dark=False):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, state=""):
        self.driver.get("about:blank")
        self.driver.get("%s%s" % (URL, "#" + state if state else ""))

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.js("return document.querySelector(arguments[0])?.textContent ?? null", selector)

    def visible(self, selector):
        return self.js("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector)

    def click(self, selector):
        self.js("document.querySelector(arguments[0]).click()", selector)

    def until(self, script, name, *arguments):
        """Waits until the script returns something true, and returns that."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = self.js(script, *arguments)
            if found:
                return found
            time.sleep(0.03)
        check(False, "waited for: " + name, self.text("main"))
        raise SystemExit

    def loaded(self):
        """Until all that is asked for has been answered."""
        self.until("return !document.body.classList.contains('busy') && /Updated/.test(document.getElementById('status').textContent)", "figures")

    def sign_in(self, key):
        self.until("return document.getElementById('sign-in')?.checkVisibility()", "the form")
        self.find("#key").send_keys(key, Keys.ENTER)

    def requests(self):
        """The requests since the last time, as pairs of a path and its parameters."""
        urls = self.js("const all = performance.getEntriesByType('resource').map(e => e.name); performance.clearResourceTimings(); return all")
        found = []
        for url in urls:
            parts = urlsplit(url)
            found.append((parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()}))
            if not url.startswith(URL.rsplit("/admin/", 1)[0] + "/") and not url.startswith("blob:"):
                check(False, "no request to another host", url)
        return found

    def rows(self, table="users"):
        return self.js("return [...document.querySelectorAll('#%s tbody tr')].map(r => [...r.cells].map(c => c.textContent))" % table)

    def totals(self):
        return self.js("return Object.fromEntries([...document.querySelectorAll('[data-field]')].map(e => [e.dataset.field, e.textContent]))")

    def picture(self, name, width, dark=False, full=True):
        self.size(width, 900, dark)
        height = self.js("return document.documentElement.scrollHeight") if full else 900
        self.size(width, height, dark)
        self.until("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))", "a frame")
        self.driver.save_screenshot(str(PICTURES / (name + ".png")))

    def accessible(self, name):
        self.js(Path(os.environ["AD_TEST_AXE"]).read_text())
        violations = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run({resultTypes: ['violations']}).then(r => done(r.violations.map(v => [v.id, v.nodes.map(n => n.target + ' ' + n.failureSummary)])))")
        same(violations, [], "axe finds nothing: " + name)
        overflow = self.js("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        same(overflow, 0, "nothing is wider than the window: " + name)

    def console(self, *expected):
        """No line of the console but those that the browser writes about these statuses."""
        lines = [e["message"] for e in self.driver.get_log("browser")]
        same([l for l in lines if not any("status of %d" % status in l for status in expected)], [], "no line in the console")

    def print(self, name, **how):
        """How many sheets it prints on."""
        pdf = base64.b64decode(self.cdp("Page.printToPDF", printBackground=False, preferCSSPageSize=True, **how)["data"])
        (PICTURES / (name + ".pdf")).write_bytes(pdf)
        return len(re.findall(rb"/Type\s*/Page\b", pdf))

    def colors(self):
        """The chart's colours of minutes, of this scheme and on paper, as they are in it."""
        return self.js("""const canvas = document.querySelector('#chart canvas');
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const found = new Set();
            for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) found.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
            return [0xa8480a, 0xf2a35e].filter(color => found.has(color)).map(color => color.toString(16))""")

    def focus(self):
        """The text of what has the focus."""
        return self.js("return document.activeElement === document.body ? null : document.activeElement.textContent")

    def asked(self, script, path, count=1):
        """The parameters of the requests for that path after a script."""
        self.requests()
        self.js(script)
        self.until("return performance.getEntriesByType('resource').filter(e => new URL(e.name).pathname.endsWith(arguments[0])).length >= arguments[1]", path, path, count)
        self.loaded()
        return [parameters for found, parameters in self.requests() if found.endswith(path)]


page = Page()


def state_of_address():
    return {k: v[0] for k, v in parse_qs(urlsplit(page.driver.current_url).fragment).items()}


def signing_in():
    page.open()
    page.until("return document.activeElement.id === 'key'", "the key's field has the focus")
    check(not page.visible("#dashboard"), "no figures without a key")
    same([r for r in page.requests() if "analytics" in r[0]], [], "and none is asked for")
    page.picture("sign-in", 1400, full=False)
    page.accessible("sign in")
    for key, words in (("adk_" + "0" * 64, "This API key is not valid"), (os.environ["REVOKED_KEY"], "This API key is not valid"),
                       (os.environ["PLAIN_KEY"], "This API key may not see the dashboard"), ("żółw", "This API key is not valid")):
        page.sign_in(key)
        page.until("return document.getElementById('alert').textContent.startsWith(arguments[0])", words, words)
        check(page.visible("#sign-in") and not page.visible("#dashboard"), "refused: " + words)
        same(page.js("return sessionStorage.length + localStorage.length"), 0, "a refused key is forgotten")
    page.console(401, 403)


def entering():
    page.open(FEBRUARY + "&zone=UTC")
    start = time.monotonic()
    page.sign_in(os.environ["KEY"])
    page.until("return document.querySelector('[data-field=total_calls]')?.textContent", "totals")
    print("# first totals %.0f ms after signing in" % (1000 * (time.monotonic() - start)))
    page.loaded()


def totals():
    same(page.totals(), {"total_calls": "2,451", "total_duration_minutes": "11,043.50", "total_duration_hours": "184.06",
                         "avg_duration_minutes": "4.51", "total_active_users": "18"}, "the totals of the API")
    same(page.text("#span"), "26 Feb 2026 – 28 Mar 2026 in UTC, compared with 26 Jan 2026 – 25 Feb 2026", "and of when")
    same(page.text("[data-change=total_calls]"), "▲ " + change("total_calls"), "against the period before")
    same(len(page.rows("days")), 31, "a day for each")
    same(page.rows("days")[0], ["Thu, 26 Feb 2026", "82", "390.25", "18"], "as a table, too")
    same(len(page.driver.find_elements(By.CSS_SELECTOR, "#chart canvas")), 1, "a chart")
    page.console()
    for width in (1400, 360):
        for dark in (False, True):
            name = "%d-%s" % (width, "dark" if dark else "light")
            page.picture(name, width, dark)
            # colours are those of the scheme, and places those of the width
            if (width == 360) == dark:
                page.accessible(name)
    page.size(1400)
    page.js("document.activeElement.blur()")
    page.picture("page", 1000)      # the one in README.md
    page.size(1400)
    same(page.print("print"), 1, "it prints on one sheet")
    same(page.print("print-landscape", landscape=True), 1, "of any form")
    page.size(1400, dark=True)
    page.until("return matchMedia('(prefers-color-scheme: dark)').matches", "the dark scheme")
    same(page.colors(), ["f2a35e"], "a dark chart")
    page.js("dispatchEvent(new Event('beforeprint'))")
    same(page.colors(), ["a8480a"], "is a light one on paper")
    page.js("dispatchEvent(new Event('afterprint'))")
    same(page.colors(), ["f2a35e"], "and dark again")
    same(page.print("print-dark"), 1, "a dark one prints on one sheet, too")
    page.size(1400)
    key = os.environ["KEY"]
    check(key not in page.driver.current_url and key not in page.driver.page_source, "the key is neither in the address nor in the page")
    same(page.js("return [Object.values(sessionStorage), localStorage.length, document.cookie]"), [[key], 0, ""], "but in the tab's storage")
    check(all(key not in json.dumps(r) for r in page.requests()), "and in no address that is asked for")


def change(field):
    """The change since the 31 days before, by SQL."""
    return sql("SET admin_dashboard.calls_table = 'local_calls'",
               """SELECT to_char(round(100 * ((a ->> '{0}')::numeric / (b ->> '{0}')::numeric - 1), 1), 'FMSG990.9') || '%'
               FROM "the extension".admin_dashboard('2026-02-26Z', '2026-03-28 23:59:59.999999Z') a,
               "the extension".admin_dashboard('2026-01-26Z', '2026-02-25 23:59:59.999999Z') b""".format(field))


def midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)).astimezone(ZoneInfo("UTC"))


def presets():
    page.open("range=2026-03-01_2026-03-02")
    page.loaded()
    today = datetime.now(ZoneInfo(ZONE)).date()
    first = today.replace(day=1)
    last_month = (first - timedelta(days=1)).replace(day=1)
    two_ago = (last_month - timedelta(days=1)).replace(day=1)
    ranges = {"today": (today, today), "yesterday": (today - timedelta(days=1),) * 2, "7-days": (today - timedelta(days=6), today),
              "30-days": (today - timedelta(days=29), today), "90-days": (today - timedelta(days=89), today),
              "this-month": (first, today), "last-month": (last_month, first - timedelta(days=1)), "this-year": (date(today.year, 1, 1), today)}
    for name, (begin, end) in ranges.items():
        page.requests()
        button = page.find("[data-preset='%s']" % name)
        button.send_keys(Keys.ENTER)
        page.loaded()
        same(button.get_attribute("aria-pressed"), "true", name + " is chosen")
        asked = page.requests()
        start, stop = midnight(begin), midnight(end + timedelta(days=1))
        expected = {"start_date": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "end_date": (stop - timedelta(microseconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        days = (end - begin).days + 1
        unit = "hour" if days <= 2 else "day" if days <= 100 else "week"
        same([p for path, p in asked if path.endswith("/days")], [{**expected, "time_zone": ZONE, "unit": unit}], name + ": days")
        same([p for path, p in asked if path.endswith("/users")], [{**expected, "order_by": "-calls", "limit": "10", "offset": "0"}], name + ": users")
        earlier = two_ago if name == "last-month" else begin - timedelta(days=days)
        if name == "this-month" and (end + timedelta(days=1)).day == 1:
            earlier = last_month
        expected_before = {"start_date": midnight(earlier).strftime("%Y-%m-%dT%H:%M:%SZ"),
                           "end_date": (start - timedelta(microseconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        same(sorted((p for path, p in asked if path.endswith("/dashboard")), key=str), sorted([expected, expected_before], key=str), name + ": totals, and those before")
        same(state_of_address(), {} if name == "30-days" else {"range": name}, name + " is in the address")


def before():
    """The range before, whatever day it is today."""
    november = {"from": "2026-11-01", "to": "2026-11-30"}
    for preset, first in (("last-month", "2026-10-01"), ("2026-11-01_2026-11-30", "2026-10-01"), ("30-days", "2026-10-02")):
        found = page.js("return import('/admin/ranges.js').then(ranges => ranges.before(arguments[0], arguments[1]))", november, preset)
        same(found, {"from": first, "to": "2026-10-31"}, "before November, as " + preset)


def dates():
    asked = page.asked("document.getElementById('from').value = '2026-03-01'; document.getElementById('to').value = '2026-03-07'; "
                       "document.getElementById('to').dispatchEvent(new Event('change'))", "/days")
    same(state_of_address(), {"range": "2026-03-01_2026-03-07"}, "dates are in the address")
    same([p["start_date"] for p in asked], ["2026-02-28T23:00:00Z"], "in the browser's zone")
    asked = page.asked("document.getElementById('zone').value = 'UTC'; document.getElementById('zone').dispatchEvent(new Event('change'))", "/days")
    same([(p["start_date"], p["time_zone"]) for p in asked], [("2026-03-01T00:00:00Z", "UTC")], "or in UTC")
    page.js("document.getElementById('from').value = '2026-03-08'; document.getElementById('from').dispatchEvent(new Event('change'))")
    page.until("return document.getElementById('alert').textContent === 'The first day must not be after the last one.'", "a range that is upside down")
    same(page.requests(), [], "a range that is upside down is not asked for")
    page.js("document.getElementById('from').value = '2026-03-01'; document.getElementById('from').dispatchEvent(new Event('change'))")
    page.until("return document.getElementById('alert').textContent === ''", "that it is right again")
    # each key of a year makes a date: of the year 2, 20, 202
    steps = page.js("return history.length")
    asked = page.asked("for (const year of ['0002', '0020', '0202', '2026']) { const to = document.getElementById('to'); "
                       "to.value = `${year}-03-08`; to.dispatchEvent(new Event('change')); }", "/days")
    same([p["end_date"] for p in asked], ["2026-03-08T23:59:59.999999Z"], "a date that is being typed is not asked for")
    same(page.js("return history.length") - steps, 1, "and is one step back")
    asked = page.asked("const to = document.getElementById('to'); to.value = '2026-03-09'; to.dispatchEvent(new Event('change')); "
                       "document.querySelector('[data-preset=today]').click()", "/days")
    page.js("return new Promise(done => setTimeout(done, 1000))")
    same((state_of_address()["range"], page.requests()), ("today", []), "another range takes the place of one that is being typed")
    # a day on which the clock is put forward, and back, has its own midnights
    for day, begin, end in (("2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999Z"), ("2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59.999999Z")):
        page.open("range=%s_%s" % (day, day))
        page.loaded()
        same([(p["start_date"], p["end_date"]) for path, p in page.requests() if path.endswith("/days")], [(begin, end)], "midnights of " + day)
    page.open("range=1999-01-01_1999-01-31&zone=UTC")
    page.loaded()
    check(page.visible("#no-chart") and page.visible("#no-users") and not page.visible("#chart"), "a range without calls says so")
    same([page.totals()["total_calls"], page.text("[data-change=total_calls]")], ["0", "none before, too"], "and is zero")
    page.picture("empty", 1400)


def zones():
    # by the names that the endpoint has, which are newer than some browsers'
    for zone, name, shown in (("Asia/Kolkata", "Asia/Kolkata", "Asia/Kolkata"), ("Europe/Kyiv", "Europe/Kyiv", "Europe/Kyiv"),
                              ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires", "America/Argentina/Buenos Aires"),
                              ("Etc/Unknown", "UTC", "UTC, as that of this browser has no name"), ("GMT", "UTC", "UTC, as that of this browser has no name"),
                              ("Etc/UTC", "UTC", "of this browser (UTC)"), (ZONE, ZONE, ZONE)):
        page.driver.get("about:blank")
        page.cdp("Emulation.setTimezoneOverride", timezoneId=zone)
        page.open("range=2026-03-01_2026-03-01")
        page.loaded()
        same(([p["time_zone"] for path, p in page.requests() if path.endswith("/days")], page.text("#zone option")), ([name], shown), "the zone " + zone)
    names = page.driver.execute_async_script("""const done = arguments[0];
        import('./ranges.js').then(({browserZone}) => done(Intl.supportedValuesOf('timeZone').map(name => browserZone(name))))""")
    same([name for name in names if name is None or not (name == "UTC" or "/" in name)], [], "each zone has a name")
    same(sql("SELECT z, refusal FROM unnest('{%s}'::text[]) z, admin_dashboard_rest.wanted('days', 'time_zone=' || replace(z, '+', '%%2B'), 'json')"
             " WHERE refusal IS NOT NULL" % ",".join(names)), "", "which the endpoint takes")
    # of a zone's first years, when its offset had seconds, and of days that have no midnight
    begins = page.driver.execute_async_script("""const done = arguments[0];
        import('./ranges.js').then(({parameters}) => done([['1900-01-02', 'Europe/Paris'], ['2026-03-29', 'Asia/Beirut'], ['2026-11-01', 'America/Havana']]
            .map(([day, zone]) => parameters({from: day, to: day}, zone))))""")
    same([(p["start_date"], p["end_date"]) for p in begins],
         [("1900-01-01T23:50:39Z", "1900-01-02T23:50:38.999999Z"), ("2026-03-28T22:00:00Z", "2026-03-29T20:59:59.999999Z"), ("2026-11-01T04:00:00Z", "2026-11-02T04:59:59.999999Z")],
         "where days begin")


def users():
    page.open(FEBRUARY + "&zone=UTC")
    page.loaded()
    same((len(page.rows()), page.text("#page")), (10, "1–10 of 18"), "a page of users")
    check(page.find("#previous").get_property("disabled"), "without one before")
    for column, order in (("minutes", "-minutes"), ("minutes", "minutes"), ("created_by_email", "created_by_email"), ("created_by_email", "-created_by_email"),
                          ("avg_minutes", "-avg_minutes"), ("first_call", "-first_call"), ("last_call", "-last_call")):
        page.click("[data-order=%s]" % column)
        page.loaded()
        same(state_of_address()["order"], order, "order by " + order)
        same(page.js("return [...document.querySelectorAll('[aria-sort]')].map(h => [h.ariaSort, h.querySelector('button').dataset.order])"),
             [["descending" if order.startswith("-") else "ascending", column]], "as the heading says")
        same(page.js("return document.activeElement.dataset.order"), column, "which keeps the focus")
        same([row[0] for row in page.rows()], sql("SET admin_dashboard.calls_table = 'local_calls'", "SELECT created_by_email FROM \"the extension\".admin_dashboard_users("
             "'2026-02-26Z', '2026-03-28 23:59:59.999999Z', 10, 0, '%s')" % order).split("\n"), "users by " + order)
    page.click("#next")
    page.loaded()
    same((len(page.rows()), page.text("#page"), state_of_address()["page"]), (8, "11–18 of 18", "2"), "the next page")
    check(page.find("#next").get_property("disabled"), "is the last")
    page.driver.back()
    page.loaded()
    same(page.text("#page"), "1–10 of 18", "back")
    page.driver.forward()
    page.until("return document.getElementById('page').textContent.startsWith('11')", "the next page again")
    page.find("#previous").send_keys(Keys.ENTER)
    page.until("return document.getElementById('page').textContent.startsWith('1–')", "the first page")
    same(page.focus(), "Next", "the focus moves on from a button that is disabled")
    page.find("#next").send_keys(Keys.ENTER)
    page.until("return document.getElementById('page').textContent.startsWith('11')", "the next page again")
    same(page.focus(), "Previous", "at both ends")
    page.find("#search").send_keys("z")
    page.until("return location.hash.includes('search=z')", "a search")
    steps = page.js("return history.length")
    page.find("#search").send_keys(Keys.BACKSPACE, "ZHA ")
    page.until("return document.querySelectorAll('#users tbody tr').length === 1", "one user")
    page.loaded()
    same(page.find("#search").get_property("value"), "ZHA ", "a space that is typed stays")
    page.find("#search").send_keys(Keys.BACKSPACE, "NG")
    page.until("return location.hash.includes('search=ZHANG')", "a longer search")
    page.loaded()
    same((page.rows()[0][0], page.text("#page"), state_of_address()["search"]), ("mei.zhang@example.com", "1–1 of 1 with “ZHANG”", "ZHANG"), "a search")
    same(page.js("return history.length"), steps, "is one step back")
    page.find("#search").send_keys("x")
    page.click("[data-order=minutes]")
    page.loaded()
    same((page.find("#search").get_property("value"), state_of_address()["search"], page.rows()), ("ZHANGx", "ZHANGx", []), "what is being typed counts with what is done next")
    page.driver.back()
    page.loaded()
    same((page.find("#search").get_property("value"), len(page.rows())), ("ZHANG", 1), "back")

    # down to one user
    page.find("#users tbody button").send_keys(Keys.ENTER)
    page.until("return document.querySelector('#users tbody button[aria-pressed=true]')", "one user")
    page.loaded()
    same(page.focus(), "mei.zhang@example.com", "keeps the focus")
    same((page.text("#only-user"), state_of_address()["user"]), ("mei.zhang@example.com",) * 2, "one user alone")
    totals_of = page.totals()
    same(totals_of["total_active_users"], "1", "whose totals are shown")
    same(sum(int(row[1]) for row in page.rows("days")), int(totals_of["total_calls"]), "and whose days")
    page.picture("one-user", 1400)

    # the address is all that there is to the state
    address, before = page.driver.current_url, (page.totals(), page.rows(), page.rows("days"))
    page.driver.get("about:blank")
    page.driver.get(address)
    page.loaded()
    same((page.totals(), page.rows(), page.rows("days")), before, "the address restores the state")
    same(page.find("#search").get_property("value"), "ZHANG", "and what was searched")
    page.find("#all-users").send_keys(Keys.ENTER)
    page.loaded()
    same(page.totals()["total_active_users"], "18", "all users again")
    same(page.focus(), "Totals", "the focus is where the figures are")
    for odd in ("range=2026-02-30_2026-03-01", "range=x&zone=y&order=z&page=-1", "range=2026-03-02_2026-03-01", "page=99999", "%FF=%00&range=__proto__",
                "range=0002-01-01_0100-01-01", "range=0002-01-01_9998-12-31", "range=1900-01-01_2199-12-31", "user=" + "x" * 400):
        page.open(odd)
        page.loaded()
        check(page.text("#alert") == "" and len(page.totals()) == 5, "an odd address: " + odd, page.text("#alert"))
    # a page that is not there is no step that cannot be taken back
    page.open(FEBRUARY + "&zone=UTC")
    page.loaded()
    page.driver.get(URL + "#" + FEBRUARY + "&zone=UTC&page=99")
    page.until("return location.hash.endsWith('&page=2')", "the last page")
    page.loaded()
    page.driver.back()
    page.until("return document.getElementById('page').textContent.startsWith('1–')", "the first page")
    page.loaded()
    page.open(FEBRUARY + "&user=ann+sales@example.com")
    page.loaded()
    same(page.text("#only-user"), "ann+sales@example.com", "an address by hand may have a plus")
    page.console()


def csv():
    page.open(FEBRUARY + "&zone=UTC&search=a&order=created_by_email")
    page.loaded()
    for what, first, lines in (("days", "day,calls,minutes,active_users", 31), ("users", "created_by_email,calls,minutes,avg_minutes,first_call,last_call", None)):
        name = "%s-2026-02-26-2026-03-28.csv" % {"days": "calls", "users": "users"}[what]
        page.click("#%s-csv" % what)
        page.until("return document.getElementById('status').textContent === arguments[0]", name, name + " is saved.")
        end = time.monotonic() + PATIENCE
        file = Path(page.folder) / name
        while not file.exists() and time.monotonic() < end:
            time.sleep(0.05)
        text = file.read_bytes().decode().split("\r\n")
        expected = lines or int(page.text("#page").split()[2])
        same((text[0], len(text), text[-1]), (first, expected + 2, ""), "%s as CSV" % what)
    # more users than there are in a request: the range of a file is that of its beginning
    page.js("""window.asked = [];
        const get = fetch;
        window.fetch = async (url, options) => {
            if (options.headers.Accept !== 'text/csv') return get(url, options);
            asked.push(Object.fromEntries(new URLSearchParams(url.split('?')[1])));
            if (asked.length === 1) document.querySelector('[data-preset=today]').click();
            return new Response(`created_by_email\\r\\n${asked.length === 1 ? 'x\\r\\n'.repeat(10000) : 'y\\r\\n'}`);
        }""")
    page.click("#users-csv")
    page.until("return document.getElementById('status').textContent.endsWith('is saved.') || window.asked.length > 1", "the file")
    asked = page.until("return window.asked.length > 1 && window.asked", "two requests")
    same([(p["start_date"], p["search"], p["offset"]) for p in asked], [("2026-02-26T00:00:00Z", "a", "0"), ("2026-02-26T00:00:00Z", "a", "10000")], "all pages of a file")
    page.loaded()
    # of one that is asked for while the visitor signs out, nothing comes
    page.js("""window.fetch = (url, {signal}) => new Promise((_, fail) => {
            signal.addEventListener('abort', () => fail(signal.reason));
        });""")
    page.click("#users-csv")
    page.click("#sign-out")
    page.js("return new Promise(done => setTimeout(done, 200))")
    same((page.text("#alert"), page.text("#status")), ("", ""), "a file is asked for no longer after signing out")
    page.driver.refresh()
    page.sign_in(os.environ["KEY"])
    page.loaded()
    page.console()


def hostile():
    evil = "<img/src=x/onerror=document.title='taken'>"
    sql("CREATE TABLE hostile (created_by_email text, created_at timestamptz, duration_minutes float8)",
        "INSERT INTO hostile SELECT e, '2026-03-01 12:00Z', 1 FROM unnest(ARRAY[$e$%s$e$, '</td><script>alert(1)</script>', '=1+2', '', NULL, repeat('long', 100), 'a b@example.com', E'\\u202Egro.elpmaxe@live']) e" % evil,
        "GRANT SELECT ON hostile TO admin_dashboard_owner")
    over("hostile")
    page.open("range=2026-03-01_2026-03-01&zone=UTC&order=created_by_email&user=" + evil.replace("=", "%3D"))
    page.loaded()
    same([row[0] for row in page.rows()], ["empty e-mail", "</td><script>alert(1)</script>", evil, "=1+2", "a b@example.com", "long" * 100, "\ufffdgro.elpmaxe@live", "no e-mail"], "e-mails are text")
    same(page.text("#only-user"), evil, "in the address, too")
    same(page.totals()["total_calls"], "1", "and can be asked for")
    same(page.js("return [document.querySelectorAll('img, main script').length, document.title]"), [0, "Call dashboard"], "and nothing else")
    for email in ("a b@example.com", "\ufffdgro.elpmaxe@live", "=1+2"):
        page.js("[...document.querySelectorAll('#users tbody button')].find(b => b.textContent === arguments[0]).click()", email)
        page.until("return document.querySelector('#users tbody button[aria-pressed=true]')?.textContent === arguments[0]", email, email)
        page.loaded()
        same((page.text("#only-user"), page.totals()["total_calls"]), (email, "1"), "and so can " + email)
        page.driver.refresh()
        page.loaded()
        same((page.text("#only-user"), page.totals()["total_calls"]), (email, "1"), "by its address, too")
    page.picture("hostile", 360)
    # a long e-mail and large figures have room
    sql("CREATE TABLE large (created_by_email text, created_at timestamptz, duration_minutes float8)",
        "INSERT INTO large SELECT repeat('long.name.', 24) || i || '@example.com', '2026-03-01 12:00Z', 12345678.25 FROM generate_series(1, 12) i",
        "GRANT SELECT ON large TO admin_dashboard_owner")
    over("large")
    page.open("range=2026-03-01_2026-03-01&zone=UTC")
    page.loaded()
    for width in (360, 1400):
        page.picture("large-%d" % width, width)
        page.accessible("large figures")
        lines = page.js("return [...document.querySelectorAll('.figure')].map(e => e.getClientRects().length * Math.round(e.clientHeight / parseFloat(getComputedStyle(e).lineHeight)))")
        same(lines, [1] * 5, "each figure is on a line")
    same(page.print("print-large"), 1, "it still prints on one sheet")
    page.size(1400)
    page.console()
    over("local_calls")


def without():
    """Without the library of the chart, and where the browser keeps nothing."""
    page.cdp("Network.enable")
    page.cdp("Network.setBlockedURLs", urls=["*uPlot.esm.js"])
    page.cdp("Network.setCacheDisabled", cacheDisabled=True)
    page.open(FEBRUARY + "&zone=UTC")
    page.loaded()
    check(page.visible("#no-chart") and not page.visible("#chart") and page.text("#no-chart").startswith("The chart is not here"), "without the library there is no chart")
    same(len(page.rows("days")), 31, "but the table")
    page.cdp("Network.setBlockedURLs", urls=[])
    page.cdp("Network.setCacheDisabled", cacheDisabled=False)
    page.driver.get_log("browser")
    refuse = page.cdp("Page.addScriptToEvaluateOnNewDocument", source="Object.defineProperty(window, 'sessionStorage', {get() { throw new DOMException('no', 'SecurityError'); }})")
    page.open(FEBRUARY + "&zone=UTC")
    page.sign_in(os.environ["KEY"])
    page.loaded()
    same(page.totals()["total_calls"], "2,451", "a browser that keeps nothing shows figures")
    page.click("#sign-out")
    page.until("return document.getElementById('sign-in').checkVisibility()", "the form")
    page.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=refuse["identifier"])
    page.console()


def failures():
    page.open(FEBRUARY + "&zone=UTC")
    page.loaded()
    over("nowhere")
    page.click("#refresh")
    said = page.until("return document.getElementById('alert').textContent", "a failure")
    check(re.fullmatch(r"The figures could not be computed\. The server's log has the reason, with the id of the request: [0-9a-f]{32}", said), "a 500 tells the request's id", said)
    same(page.totals()["total_calls"], "2,451", "what was there stays")
    page.click("#users-csv")
    page.until("return document.getElementById('alert').textContent !== arguments[0]", "another failure", said)
    same(page.text("#status"), "", "nothing is being asked for after a failure")
    page.picture("failure", 1400)
    page.accessible("failure")
    page.size(1400)
    page.click("[data-preset='this-year']")
    page.until("return !document.body.classList.contains('busy') && document.getElementById('totals').children.length === 0", "no figures")
    same((page.rows(), page.rows("days"), page.visible("#chart")), ([], [], False), "but not for another range")
    over("local_calls")
    page.click("#refresh")
    page.loaded()
    same(page.text("#alert"), "", "it works again")
    sql("CREATE VIEW slow AS SELECT c.* FROM local_calls c, (SELECT pg_sleep(4)) s", "GRANT SELECT ON slow TO admin_dashboard_owner")
    over("slow")
    page.click("#refresh")
    page.until("return document.getElementById('status').textContent.startsWith('Still loading')", "that it takes its time")
    check(page.js("return document.body.classList.contains('busy')"), "a slow answer is told")
    over("local_calls")
    page.console(500)
    # what is between the page and the endpoint may answer in its place
    for answer, words in (("new Response('<html>')", "The answer is not one of the dashboard."), ("new Response('{}')", "The answer is not one of the dashboard."),
                          ("new Response('<html>', {status: 404})", "The server answered with the status 404."), ("Promise.reject(new TypeError('x'))", "The server could not be reached.")):
        page.open(FEBRUARY + "&zone=UTC")
        page.loaded()
        page.js("window.fetch = async () => %s" % answer)
        page.click("#refresh")
        page.until("return document.getElementById('alert').textContent.startsWith(arguments[0]) && !document.body.classList.contains('busy')", answer, words)
        same(page.totals()["total_calls"], "2,451", "another's answer: " + answer)
    page.console()

    page.open("range=today")
    page.loaded()
    page.requests()
    page.click("#every-minute")
    page.until("return performance.getEntriesByType('resource').filter(e => e.name.includes('/users')).length >= 2", "two refreshes")
    check(True, "every minute")
    page.click("#every-minute")
    page.loaded()
    page.requests()

    # the key goes with the sign out, or when it is revoked
    page.find("#search").send_keys("x")
    page.click("#sign-out")
    page.js("return new Promise(done => setTimeout(done, 1000))")
    same(page.requests(), [], "what was being typed is asked for no longer")
    check(page.visible("#sign-in") and not page.visible("#dashboard") and page.text("#alert") == "", "signed out")
    same(page.js("return [sessionStorage.length, document.getElementById('users').tBodies[0].rows.length, document.getElementById('key').value]"), [0, 0, ""], "nothing is left")
    page.sign_in(os.environ["KEY"])
    page.loaded()
    sql("SELECT admin_dashboard.revoke_api_key('page')")
    page.click("#refresh")
    page.until("return document.getElementById('sign-in').checkVisibility()", "the form")
    check(page.text("#alert").startswith("This API key is not valid"), "a key that is revoked")
    page.console(401)


def too_many():
    """With a limit of one request a second."""
    page.open(FEBRUARY)
    page.sign_in(os.environ["KEY"])
    said = page.until("return document.getElementById('alert').textContent", "a refusal")
    same(said, "There were too many requests. Wait a moment, and refresh.", "too many requests")
    page.console(429)


try:
    for part in sys.argv[3:] or ["signing_in", "entering", "totals", "presets", "before", "dates", "zones", "users", "csv", "hostile", "without", "failures"]:
        globals()[part]()
finally:
    page.driver.quit()
print("done")
