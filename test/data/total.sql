-- Of what went through test/lib/reverse.py to MongoDB, nothing may fail on any document.
\set problems `"$PYTHON" test/lib/total.py "$AD_TEST_COMMANDS"`
SELECT matches(:'problems'::text, '^\d+ commands are total$', 'no expression can fail');
