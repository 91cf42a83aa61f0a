-- The table that `make bench` prints: each figure of figures.csv, as far as it was measured, against
-- its aim; then all that was measured; and the table once more as docs/performance.md has it. Variables: work (a directory), figures (a file), load.
\pset footer off
\pset null ''
\set measurements :work /measured.csv
\set table :work /figures.csv
SET client_min_messages = warning;
CREATE TEMP TABLE measured (number integer GENERATED ALWAYS AS IDENTITY,
  part text, setting text, variant text, round integer, measure text, value float8);
CREATE TEMP TABLE figure (number integer GENERATED ALWAYS AS IDENTITY,
  part text, setting text, measure text, variant text, against text, sense text, aim numeric, what text);
COPY measured (part, setting, variant, round, measure, value) FROM :'measurements' (FORMAT csv, HEADER);
COPY figure (part, setting, measure, variant, against, sense, aim, what) FROM :'figures' (FORMAT csv, HEADER);

-- A round's ratio of variant and against; what stands against nothing is a number of its own.
CREATE TEMP VIEW reached AS
SELECT f.number, f.what, f.setting, count(r.ratio) AS rounds,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY r.ratio)::numeric AS median,
  min(r.ratio)::numeric AS least, max(r.ratio)::numeric AS most, f.sense, f.aim
FROM figure f
CROSS JOIN LATERAL (
  SELECT CASE WHEN f.against IS NULL THEN m.value ELSE m.value / nullif(a.value, 0) END AS ratio
  FROM measured m LEFT JOIN measured a ON a.part = m.part AND a.setting IS NOT DISTINCT FROM m.setting
    AND a.round = m.round AND a.measure = m.measure AND a.variant = f.against
  WHERE m.part = f.part AND m.setting IS NOT DISTINCT FROM f.setting
    AND m.measure = f.measure AND m.variant = f.variant) r
WHERE r.ratio IS NOT NULL
GROUP BY f.number, f.what, f.setting, f.sense, f.aim
ORDER BY f.number;

\echo
\echo 'PostgreSQL' :SERVER_VERSION_NAME', pgbench -M prepared over a Unix socket. Ratios are of one round''s medians or rates;'
\echo 'shown are the median of the rounds and their range. Load of the machine:' :load
\echo
SELECT what AS "figure", setting, round(median, 2) AS "measured",
  round(least, 2) || ' .. ' || round(most, 2) AS "range", rounds, sense || ' ' || aim AS "aim",
  CASE WHEN aim IS NULL THEN NULL WHEN sense = '>=' AND median >= aim OR sense = '<=' AND median <= aim THEN 'yes' ELSE 'no' END AS "reached"
FROM reached;

SELECT part, setting, variant, measure,
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY value)::numeric, 2) AS "median",
  round(min(value)::numeric, 2) || ' .. ' || round(max(value)::numeric, 2) AS "range", count(*) AS rounds
FROM measured GROUP BY part, setting, variant, measure ORDER BY min(number);
COPY (SELECT what, setting, round(median, 3) AS measured, round(least, 3) AS least, round(most, 3) AS most,
  rounds, sense, aim FROM reached) TO :'table' (FORMAT csv, HEADER);
\set markdown :work /figures.md
\pset format unaligned
\pset tuples_only on
\o :markdown
SELECT '| what | measured | range | aim | reached |' UNION ALL SELECT '|---|---|---|---|---|';
SELECT format('| %s | %s | %s | %s | %s |', r.what, shown.median, shown.least || ' .. ' || shown.most,
  CASE r.sense WHEN '>=' THEN '≥ ' WHEN '<=' THEN '≤ ' END || r.aim,
  CASE WHEN r.aim IS NULL THEN '' WHEN r.sense = '>=' AND r.median >= r.aim OR r.sense = '<=' AND r.median <= r.aim THEN 'yes' ELSE '**no**' END)
FROM reached r, LATERAL (SELECT CASE WHEN r.median < 100 THEN 2 ELSE 0 END AS digits) d,
  LATERAL (SELECT round(r.median, digits) AS median, round(r.least, digits) AS least, round(r.most, digits) AS most) shown;

-- A call's cost, in µs and in instructions.
SELECT '' UNION ALL SELECT '| call | one processor | a processor each | 1 ms away | instructions |' UNION ALL SELECT '|---|---|---|---|---|';
SELECT format('| %s | %s | %s | %s | %s |', c.what,
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY m.value) FILTER (WHERE m.part = c.part AND m.setting = '1' AND m.measure = 'us')),
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY m.value) FILTER (WHERE m.part = c.part AND m.setting = 'apart' AND m.measure = 'us')),
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY m.value) FILTER (WHERE m.part = 'distance' AND m.setting = '1 ms' AND m.measure = 'us')),
  trim(to_char(avg(m.value) FILTER (WHERE m.part = 'instructions') / 1000, '9,999')) || ',000')
FROM (VALUES (1, 'swan_book', 'book', 'book'), (2, '... with swanalloc.direct_rows off', 'direct', 'statements'),
  (3, 'floor', 'book', 'floor'), (4, 'twin', 'book', 'twin'), (5, 'CTE', 'book', 'cte'), (6, 'careful client', 'book', 'client'),
  (7, 'unsafe client', 'book', 'unsafe'), (8, 'textbook transfer', 'book', 'transfer'), (9, 'pgledger transfer', 'book', 'pgledger'),
  (10, 'swan_summary', '', 'summary'), (11, 'row', '', 'row'), (12, 'point', 'book', 'point'), (13, 'empty', 'book', 'empty')
  ) c (number, what, part, variant)
JOIN measured m ON m.variant = c.variant AND m.part IN (c.part, 'distance', 'instructions')
GROUP BY c.number, c.what ORDER BY c.number;
\o
