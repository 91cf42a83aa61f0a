
# Calls of every function of the extension with hostile arguments: what they
# are called and what they take is read from the catalog, so a new function is
# called by itself.  A batch is a script for psql; after each statement it says
# which SQLSTATE that had.

package Fuzz;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename;

our @EXPORT_OK = qw(setup catalog documented harvest batch);

my $top = dirname(abs_path(__FILE__)) . '/../..';

# who calls, some more often; postgres is a superuser, stranger is nobody to any studio
our @roles = qw(postgres postgres shop shop shop other web web web web jobs jobs watch ada ada sue tom ann stranger);

# What one wants to be called beside: studios, one with a name that needs quotes
# and one of an application's own tables, whose guards write down or are off.
sub setup
{
	my ($profile) = @_;
	my $sql = <<'SQL';
CREATE EXTENSION swanalloc;
CREATE SCHEMA fuzz;
GRANT USAGE, CREATE ON SCHEMA fuzz, public TO PUBLIC;
SET client_min_messages = error;
SELECT swan_create_studio('studio', 'shop'), swan_create_studio('O''Brien''s "Box"', 'other');
CREATE SCHEMA app AUTHORIZATION other;
SET ROLE other;
CREATE TABLE app."Us""ers" ("I'd" serial PRIMARY KEY, "first Name" text, email varchar(60), role varchar(20), "c%redits" integer, deleted_at timestamptz);
CREATE TABLE app.visits (id bigserial PRIMARY KEY, "us er" integer REFERENCES app."Us""ers", coach integer REFERENCES app."Us""ers",
  status varchar(20) NOT NULL DEFAULT 'free', starts timestamp, minutes integer, ends_at timestamp, note varchar(40), paid boolean, cost integer, kind text);
INSERT INTO app."Us""ers" ("first Name", role, "c%redits")
  SELECT 'U' || i, CASE WHEN i < 3 THEN 'coach' WHEN i = 3 THEN 'admin' ELSE 'member' END, i % 4 FROM generate_series(1, 12) i;
INSERT INTO app.visits ("us er", coach, status, starts, minutes)
  SELECT CASE WHEN i % 3 = 0 THEN 4 + i % 8 END, 1 + i % 2, CASE WHEN i % 3 = 0 THEN 'taken' ELSE 'free' END, '2099-01-01'::timestamp + i * interval '1 hour', 50
  FROM generate_series(1, 30) i;
SELECT count(*) FROM swan_attach('app."Us""ers"', 'app.visits', '{"users.id": "I''d", "first_name": "first Name", "available_sessions": "c%redits",
  "sessions.user_id": "us er", "trainer_id": "coach", "session_date": "starts", "duration": "minutes", "notes": "note", "session_deducted": "paid",
  "cost": "cost", "kind": "kind", "time_zone": "Europe/Berlin", "roles": {"coach": "trainer", "member": "client"},
  "statuses": {"free": "available", "taken": "scheduled"}, "old_bookings": "charged"}', 'app');
RESET ROLE;
SELECT swan_allow(r, w, p, 'studio') FROM (VALUES ('web', 'backend', NULL::bigint), ('jobs', 'system', NULL), ('watch', 'reader', NULL)) v (r, w, p);
SELECT swan_allow(r, w, p, 'O''Brien''s "Box"') FROM (VALUES ('web', 'backend', NULL::bigint)) v (r, w, p);
INSERT INTO studio.users (first_name, last_name, email, role)
  SELECT 'A' || i, 'O''Neil "' || i || '"', 'a' || i || '@example.com',
    CASE WHEN i <= 3 THEN 'trainer' WHEN i = 4 THEN 'staff' WHEN i = 5 THEN 'admin' ELSE 'client' END FROM generate_series(1, 20) i;
INSERT INTO "O'Brien's ""Box""".users (first_name, role) SELECT 'B' || i, CASE WHEN i = 1 THEN 'trainer' ELSE 'client' END FROM generate_series(1, 6) i;
SELECT swan_allow(r, 'person', p, 'studio') FROM (VALUES ('ada', 5), ('sue', 4), ('tom', 1), ('ann', 6)) v (r, p);
SET swanalloc.studio = 'studio';
SELECT swan_grant(id, 5) FROM studio.users WHERE role = 'client';
SELECT count(*) FROM generate_series(1, 3) t, LATERAL swan_open(t, now() - interval '3 days' + t * interval '10 minutes', 30, 20, '6 hours', kind => 'yoga') s;
SELECT count(*) FROM swan_open(2, '2099-01-01 08:00', 45, 5, '1 day', places => 3, cost => 2) s;
SELECT count(*) FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM studio.sessions) s, LATERAL swan_book(6 + n % 14, s.id, force => true) b WHERE n % 3 = 0;
-- runs what it is told, each in a block of its own; says which states these had
CREATE FUNCTION fuzz.try(VARIADIC commands text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE states text; command text;
BEGIN
  FOREACH command IN ARRAY commands LOOP
    BEGIN
      EXECUTE command;
      states := concat_ws(',', states, '00000');
    EXCEPTION WHEN OTHERS THEN
      states := concat_ws(',', states, SQLSTATE);
    END;
  END LOOP;
  RETURN states;
END $$;
-- lets go of a studio, and takes it up as it was
CREATE FUNCTION fuzz.take_up(studio text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE exported jsonb := swan_export_studio(studio);
BEGIN
  PERFORM swan_detach(studio);
  RETURN (SELECT count(*) FROM swan_adopt_studio(exported));
END $$;
CREATE FUNCTION fuzz.from_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE NEW.command; RETURN NEW; END $$;
CREATE TABLE fuzz.commands (command text);
CREATE TRIGGER runs BEFORE INSERT ON fuzz.commands FOR EACH ROW EXECUTE FUNCTION fuzz.from_trigger();
GRANT ALL ON fuzz.commands TO PUBLIC;
CREATE TABLE fuzz.people (id bigserial PRIMARY KEY, available_sessions integer);
CREATE TABLE fuzz.visits (id bigserial PRIMARY KEY, user_id bigint, trainer_id bigint, status text, session_date timestamptz);
ALTER TABLE fuzz.people OWNER TO shop;
ALTER TABLE fuzz.visits OWNER TO shop;
CREATE VIEW fuzz.view AS SELECT 1 AS id;
SQL
	$sql .= <<'SQL' if $profile eq 'off';
SELECT swan_configure('guard_sessions', 'off', s), swan_configure('guard_balance', 'record', s) FROM unnest('{studio,app}'::text[]) s;
SQL
	$sql .= "CALL swan_backfill(5, 'app');\n" if $profile ne 'off';
	return $sql;
}

# A query for the functions: name, kind, arguments as type, name and whether there is a default.
my $functions = <<'SQL';
SELECT p.oid::regproc || E'\t' || p.prokind::text || E'\t' || coalesce((
  SELECT string_agg(concat_ws(':', t, coalesce(p.proargnames[n], ''), n > p.pronargs - p.pronargdefaults), E'\t' ORDER BY n)
    FROM (SELECT n, format_type(p.proargtypes[n - 1], NULL) AS t FROM generate_series(1, p.pronargs) n) a), '')
FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'swanalloc')
ORDER BY p.oid::regprocedure::text
SQL

# Every function of the extension, and the columns of the tables, as the server tells them.
sub catalog
{
	my ($ask) = @_;
	my (@found, %columns);

	for my $line (split /\n/, $ask->("SELECT set_config('search_path', '\"\$user\", public', false) \\g /dev/null\n$functions"))
	{
		my ($name, $kind, @args) = split /\t/, $line;
		push @found, { name => $name, kind => $kind,
			args => [ map { /^(.*):([^:]*):([tf])/ ? { type => $1, name => $2, optional => $3 eq 't' } : () } @args ] };
	}
	my $told = $ask->(<<'SQL');
SELECT attrelid::regclass || E'\t' || quote_ident(attname) || E'\t' || format_type(atttypid, NULL)
FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped AND relnamespace::regnamespace::text ~ 'studio|Box|app|^swan$'
SQL
	push @{ $columns{$1} }, [ $2, $3 ] while $told =~ /^(.*)\t(.*)\t(.*)$/mg;
	return { functions => \@found, columns => \%columns };
}

# SQLSTATEs that the reference allows a function: of every call, and in its own section.
sub documented
{
	my ($errors) = @_;
	open my $in, '<', "$top/docs/reference.md" or die $!;
	my $page = do { local $/; <$in> };
	my %common = map { $_ => 1 } '00000', grep { $_ ne 'other' } split /\n/, $errors;
	my %of;

	while ($page =~ /^(#{2,3}) (\S+)\n(.*?)(?=^#{2,3} |\z)/msg)
	{
		my ($name, $text) = ($2, $3);
		my @states = $text =~ /\b((?:0A|2[0-9A-Z]|3[0-9]|4[0-9]|5[0-9]|P0|SW)[0-9A-Z]{3})\b/g;
		if ($name eq 'Conventions') { $common{$_} = 1 for @states }
		elsif ($name =~ /^swan_/) { $of{$name}{$_} = 1 for @states }
	}
	return (\%common, \%of);
}

# Ids, keys and cursors as they are by now, a line each with what they are.
sub harvest
{
	my ($ask) = @_;
	my %pool;

	my $told = $ask->(<<'SQL');
SET swanalloc.studio = studio;
INSERT INTO studio.users (first_name, last_name) VALUES ('New', 'One') RETURNING 'client=' || id;
SELECT 'cursor=' || cursor FROM swan_clients(max_rows => 3);
SELECT 'cursor=' || cursor FROM swan_slots(NULL, NULL, max_rows => 3);
SELECT 'cursor=' || cursor FROM swan_schedule(NULL, NULL, max_rows => 3);
SELECT 'cursor=' || cursor FROM swan_changes(max_rows => 3);
SELECT 'cursor=' || cursor FROM swan_people(max_rows => 3);
SELECT 'cursor=' || cursor FROM studio.users u, swan_statement(u.id, max_rows => 1) WHERE u.id < 9;
SELECT 'cursor=' || cursor FROM swan_expiring(max_rows => 3);
(SELECT 'client=' || id FROM studio.users WHERE role = 'client' ORDER BY id DESC LIMIT 25);
(SELECT 'trainer=' || id FROM studio.users WHERE role = 'trainer' ORDER BY id LIMIT 3);
(SELECT 'staff=' || id FROM studio.users WHERE role IN ('staff', 'admin') ORDER BY id LIMIT 3);
(SELECT 'session=' || id FROM studio.sessions ORDER BY id DESC LIMIT 20);
SELECT 'session=' || id FROM (SELECT id, row_number() OVER (PARTITION BY status, user_id IS NULL, cost, session_date > now() ORDER BY id DESC) AS n FROM studio.sessions) s WHERE n < 6 ORDER BY id;
(SELECT 'session=' || session_id FROM studio.swan_holds ORDER BY 1 LIMIT 5);
(SELECT 'session=' || session_id FROM studio.swan_waits ORDER BY 1 LIMIT 5);
(SELECT 'lot=' || id FROM studio.swan_lots ORDER BY remaining > 0 DESC, id DESC LIMIT 20);
(SELECT 'key=' || key FROM studio.swan_ledger WHERE key IS NOT NULL ORDER BY id DESC LIMIT 15);
(SELECT 'payment=' || payment_ref FROM studio.swan_ledger WHERE payment_ref IS NOT NULL ORDER BY id DESC LIMIT 15);
SELECT 'setting=' || setting FROM swan_settings();
SELECT 'person=' || id FROM studio.users ORDER BY id LIMIT 30;
SELECT 'export=' || swan_export_studio(name) FROM swan.studio;
SQL
	push @{ $pool{$1} }, $2 while $told =~ /^(\w+)=(.*)$/mg;
	return \%pool;
}

sub pick { return $_[ int(rand(@_)) ] }
sub chance { return rand(100) < $_[0] }
sub quote { my ($text) = @_; $text =~ s/'/''/g; return "'$text'" }

my @texts = ('', ' ', '  x ', "O'Hara", '"', '""', '\\', "';--", '%s%n%d', '{s.id}', '{', '$1', ':x', '@x@', 'null', 'NULL', '0', '-1', '1e400', 'true',
	"caf\x{e9}", "\x{1F600}", "\x{202E}abc", "e\x{301}" x 20, "a\nb", "\t", "\x01", "\x{7f}", 'x' x 255, 'x' x 256, "\x{e9}" x 300, "\x{FFFD}", '[1,2', '{"a":1}',
	'studio', 'public.swan_book', 'select 1', 'infinity', '1 day', 'Europe/Berlin', 'pg_catalog', 'pg_temp', 'admin', 'client', 'x' x 5000);
my @numbers = (0, -1, 1, 2147483647, -2147483648, 2147483648, '9223372036854775807', '-9223372036854775808', 4294967296, 99999, 10001, 501, 1001);
my @times = ('infinity', '-infinity', 'epoch', 'now', 'today', '294276-12-31 23:59:59.999999+00', '4713-01-01 00:00:00 BC', '4714-11-24 00:00:00+00 BC', '0001-01-01', '1999-12-31 23:59:60',
	'2024-02-29', '2099-03-29 02:30', '2099-10-25 02:30', '290000-01-01', '9999-12-31', '2026-11-29 00:00+15:59');
my @intervals = ('0', '-1 day', '1 microsecond', '178000000 years', '-178000000 years', '2147483647 days', '-2147483648 months', '1 month', '1 year -1 day', '-00:00:01', '30 minutes', '31 minutes',
	'1 day -24 hours', '2562047788:00:54.775807', '25 hours');
my @jsons = ('{}', '[]', 'null', '1', '"x"', '[{}]', '[null]', '{"":""}', '{"a":{"b":[1,2,{"c":null}]}}', '{"user_id":6,"granted":1e999}', '[{"user_id":6,"granted":3}]',
	'[{"user_id":6,"granted":3,"used":1,"payment_ref":"im1"},{"user_id":7,"granted":"x"}]', '[{"user_id":"7","granted":2.5}]', '[{"user_id":7,"granted":99999999999999999999}]',
	'[{"user_id":7,"granted":2,"at":"infinity"}]', '[{"user_id":7,"granted":2,"good_for":"yoga"}]', '[{"user_id":7,"granted":2,"good_for":["yoga",null]}]', '[{"user_id":7,"granted":2,"nonsense":1}]',
	'[' x 500 . ']' x 500, '{"users.id":"x"}', '{"available_sessions":null}', '{"statuses":[{"a":"scheduled"},{"b":"scheduled"}]}', '{"statuses":{"a":1}}', '{"roles":[]}', '{"roles":{"x":"y"}}',
	'{"time_zone":"nowhere"}', '{"time_zone":"UTC","old_bookings":"free","rls":"bypass","missing_users":"ignore"}', '{"columns":{}}', '{"sessions.status":"status","status":"status"}');
my @broken_json = ('{', '{"a":', "{'a':1}", '[1,]', '{"a":1e99999999}', '"\\u0000"', '"\\ud800"', 'x');

# words that arguments of such names take
my %words = (
	as_what  => [qw(person backend system reader owner)],
	db_role  => [qw(postgres shop other web jobs watch ada sue tom ann stranger nobody pg_monitor public none)],
	owner    => [qw(shop other web postgres stranger nobody pg_read_all_data)],
	to_status => [qw(attended missed confirmed scheduled available cancelled)],
	status   => [qw(available scheduled confirmed completed cancelled requested blocked ignored free)],
	order_by => [qw(name last_session available warning id created_at registered balance)],
	warning  => [qw(low none any)],
	currency => [qw(EUR eur USD JPY XXX EURO)],
	kind     => [qw(yoga swim all)],
	item     => [ '', 'a', 'b' ],
	studio   => [ 'studio', 'studio', 'studio', "O'Brien's \"Box\"", 'app', 'none' ],
	schema   => [ 'new studio', 'studio', 'app', 'pg_catalog', 'pg_new', 'fuzz', "it's" ],
	as_if    => [qw(refuse record off)],
	value    => [ qw(on off refuse record allow free charged 0 1 3 10 100 10000 10001 UTC Europe/Berlin fuzz.rule all), 'open,book', '1 hour', '30 minutes', '-1 day', '2 days' ],
	zone     => [ 'UTC', 'Europe/Berlin', 'America/New_York', 'EST', 'nowhere', '+3', '<X>5' ],
);

# An argument, as SQL; mostly one that makes sense, or else anything.
sub value
{
	my ($pool, $type, $name, $hostile) = @_;
	my $of = sub { my $from = $pool->{ $_[0] }; return $from && @$from ? pick(@$from) : pick(@numbers) };
	my $cast = sub { return quote($_[0]) . (chance(70) ? "::$type" : '') };

	return 'NULL' if chance($hostile / 3);
	if ($type =~ /^(.*)\[\]$/)
	{
		my $element = $1;
		return quote(pick('{}', '{NULL}', '{NULL,NULL}', '{{1,2},{3,4}}', '[0:1]={1,2}', '[-5:-5]={1}', '{{}}')) . "::$type" if chance($hostile);
		return "(SELECT array_agg(i) FROM generate_series(1, 3000) i)::$type" if $element ne 'timestamp with time zone' && chance($hostile / 20);
		return 'ARRAY[' . join(', ', map { value($pool, $element, $name, $hostile / 3) } 1 .. 1 + int(rand(3))) . "]::$type";
	}
	if ($type =~ /^(bigint|integer|smallint|numeric|oid|double precision)$/)
	{
		return pick("'NaN'", "'Infinity'", "'-Infinity'", '1e1000', '-0.5', '1e-300', 0.5) . '::numeric' if $type eq 'numeric' && chance(50);
		return pick(@numbers) if chance($hostile);
		return $of->('session') if $name =~ /session/;
		return $of->('lot') if $name =~ /lot/;
		return $of->('trainer') if $name =~ /trainer/ && chance(85);
		return chance(60) ? $of->('staff') : chance(60) ? $of->('client') : $of->('trainer') if $name =~ /actor/;
		return chance(90) ? $of->('client') : $of->('person') if $type eq 'bigint' && $name =~ /user|client|person|trainer/;
		return pick(100, 1000, 4500, 9) if $name =~ /minor/;
		return pick(30, 45, 60, 90, 1440) if $name =~ /duration|minutes/;
		return pick(1, 2, 5, 100) if $name =~ /rows|batch/;
		return pick(0, 1, 1, 1, 2, 3);
	}
	return pick('true', 'false') if $type eq 'boolean';
	if ($type =~ /^timestamp/)
	{
		return $cast->(pick(@times)) if chance($hostile);
		return sprintf("clock_timestamp()%s + interval '%d minutes'", $type =~ /without/ ? '::timestamp' : '', 15 * (int(rand(400)) - 100)) if chance(40);
		# some few, for which one is in the way of another
		return $cast->(sprintf('2099-01-%02d %02d:%02d', 1 + rand(3), 8 + rand(8), pick(0, 30))) if chance(70);
		return $cast->(sprintf('2099-%02d-%02d %02d:%02d', 1 + rand(12), 1 + rand(28), rand(24), pick(0, 15, 30, 45)));
	}
	return $cast->(chance($hostile) ? pick(@intervals) : pick('10 minutes', '7 days', '1 hour', '1 day', '1 second', '30 days')) if $type eq 'interval';
	return spoilt($of->('export')) if $name eq 'exported' && $pool->{export} && chance(80);
	return $cast->(chance($hostile / 3) ? pick(@broken_json) : pick(@jsons)) if $type =~ /^jsonb?$/;
	return $cast->(pick('app."Us""ers"', 'app.visits', 'studio.users', 'studio.sessions', 'fuzz.people', 'fuzz.visits', 'fuzz.people', 'fuzz.visits', 'fuzz.view', 'pg_class',
		'studio.swan_ledger', 'studio.users_id_seq', 'swan.studio', '0', '4294967295', '-')) if $type eq 'regclass';
	if ($type =~ /^(text|name|character varying|unknown|"?any"?)$/)
	{
		return chance(20) ? 'repeat(' . quote(pick('x', "\x{e9}", '{"', "'")) . ', ' . pick(1000, 100000) . ')' : quote(pick(@texts)) if chance($hostile);
		return quote(mutate($of->('cursor'))) if $name eq 'after';
		return quote(chance(30) ? $of->('key') : 'k' . int(rand(100000))) if $name =~ /key|reversal/;
		return quote(chance(50) ? $of->('payment') : 'p' . int(rand(300))) if $name =~ /payment/;
		return quote($of->('setting')) if $name eq 'setting';
		return quote(pick(@{ $words{$name} })) if $words{$name};
		return quote(pick(@times, '2099-01-01 10:00')) if $name eq 'at';
		return quote(pick(@texts));
	}
	return quote(pick(@texts));
}

# What a studio was exported as, or nearly.
sub spoilt
{
	my ($export) = @_;
	my $as_is = quote($export) . '::jsonb';
	my @members = $export =~ /"(\w+)":/g;
	my $junk = quote(pick(@jsons, '"x"', '""', 'true', '-1', '1e30', '"infinity"', '"1-2-3-0.9"', '"studio.users"'));

	return $as_is if chance(30) || !@members;
	return "$as_is - " . quote(pick(@members)) if chance(25);
	return "$as_is || jsonb_build_object(" . quote(pick(@members, 'nonsense')) . ", ${junk}::jsonb)" if chance(50);
	return "jsonb_set($as_is, " . quote('{' . pick('columns,' . pick(@members), 'columns,names,' . pick(@members), 'settings,' . pick(@members), 'roles,0', 'roles,0,' . pick(@members)) . '}') . ", ${junk}::jsonb)";
}

# A cursor as it was, or nearly.
sub mutate
{
	my ($text) = @_;
	my $n = length $text;
	return $text if chance(40) || $n == 0;
	for (1 .. 1 + int(rand(3)))
	{
		my $at = int(rand($n));
		my $how = int(rand(6));
		if ($how == 0) { substr($text, $at, 1) = chr(32 + rand(95)) }
		elsif ($how == 1) { $text = substr($text, 0, $at) }
		elsif ($how == 2) { $text .= pick(@texts[0 .. 30], substr($text, $at)) }
		elsif ($how == 3) { substr($text, $at, 0) = pick('9' x 30, '-', '.', ',', ':', '|', ' ', '"', 'infinity', '\\', '{', '}') }
		elsif ($how == 4) { $text = substr($text, $at) . substr($text, 0, $at) }
		else { substr($text, $at, 1) = '' }
		last unless $n = length $text;
	}
	return $text;
}

# One call, without what stands around it.  A backend names who acts, as the others may.
sub call
{
	my ($pool, $function, $who) = @_;
	my $actor = $who eq 'web' ? 95 : $who =~ /^(?:postgres|shop|jobs)$/ ? 40 : 10;
	my $hostile = pick(0, 3, 3, 10, 10, 40);
	my $named = chance(60);
	my @args;

	for my $arg (@{ $function->{args} })
	{
		# a slot that is put over another by force is named by swan_verify
		if ($arg->{name} eq 'force' && $function->{name} =~ /_(?:open|move)$/)
		{
			push @args, 'false' unless $named;
			next;
		}
		if ($named && $arg->{optional})
		{
			next unless chance($arg->{name} eq 'actor' ? $actor : 35);
			push @args, qq("$arg->{name}" => ) . value($pool, $arg->{type}, $arg->{name}, $hostile);
			next;
		}
		last if !$named && $arg->{optional} && chance(5);
		push @args, $arg->{optional} && chance($arg->{name} eq 'actor' ? 100 - $actor : 60) ? "NULL::$arg->{type}" : value($pool, $arg->{type}, $arg->{name}, $hostile);
	}
	return "$function->{name}(" . join(', ', @args) . ')';
}

# A direct write to a table of a studio.
sub direct
{
	my ($pool, $columns, $profile) = @_;
	my $table = pick(grep { $profile eq 'off' || !/^swan\./ } sort keys %$columns);
	my @columns = @{ $columns->{$table} };
	my $some = sub { my $share = pick(20, 40, 80); my @c = grep { chance($share) } @columns; return @c ? @c : $columns[-1] };
	my $of = sub { my ($column) = @_; (my $name = $column->[0]) =~ s/^id$/$table =~ m{sessions|visits} ? 'session_id' : 'user_id'/e; return value($pool, $column->[1], $name, 5) };
	my $where = sub { my $c = chance(75) ? $columns[0] : pick(@columns); return "$c->[0] = " . $of->($c) };
	my $dice = rand(100);

	if ($dice < 40)
	{
		my @c = $some->();
		return "UPDATE $table SET " . join(', ', map { "$_->[0] = " . $of->($_) } @c) . ' WHERE ' . $where->();
	}
	return "DELETE FROM $table WHERE " . $where->() if $dice < 55;
	return 'TRUNCATE ' . $table . pick('', ' CASCADE', ' RESTART IDENTITY') if $dice < 57;
	return "SELECT * FROM $table WHERE " . $where->() . pick('', ' FOR UPDATE', ' FOR KEY SHARE', ' FOR NO KEY UPDATE NOWAIT') if $dice < 65;
	my @c = grep { $_->[0] ne 'id' || chance(10) } $some->();
	@c = $columns[-1] unless @c;
	my $insert = "INSERT INTO $table (" . join(', ', map { $_->[0] } @c) . ') VALUES (' . join(', ', map { $of->($_) } @c) . ')';
	return $insert . ' ON CONFLICT DO NOTHING' if $dice < 70;
	return "MERGE INTO $table t USING (SELECT " . $of->($columns[0]) . " AS x) v ON t.$columns[0][0]::text = v.x::text WHEN MATCHED THEN UPDATE SET $c[0][0] = " . $of->($c[0])
	  . ' WHEN NOT MATCHED THEN DO NOTHING' if $dice < 75;
	return $insert;
}

# Changes of the tables' make-up, each with what undoes it.
my @changes = (
	[ 'ALTER TABLE studio.sessions ADD COLUMN fuzz%d integer DEFAULT 7', 'ALTER TABLE studio.sessions DROP COLUMN fuzz%d' ],
	[ 'ALTER TABLE studio.users ADD COLUMN fuzz%d text', 'ALTER TABLE studio.users DROP COLUMN fuzz%d' ],
	[ 'ALTER TABLE studio.swan_ledger ADD COLUMN fuzz%d text', 'ALTER TABLE studio.swan_ledger DROP COLUMN fuzz%d' ],
	[ 'ALTER TABLE studio.swan_lots ADD COLUMN fuzz%d integer DEFAULT random()', 'ALTER TABLE studio.swan_lots DROP COLUMN fuzz%d' ],
	[ 'ALTER TABLE studio.sessions RENAME COLUMN notes TO remarks', 'ALTER TABLE studio.sessions RENAME COLUMN remarks TO notes' ],
	[ 'ALTER TABLE studio.sessions RENAME COLUMN class_id TO "cl ass"', 'ALTER TABLE studio.sessions RENAME COLUMN "cl ass" TO class_id' ],
	[ 'ALTER TABLE studio.users RENAME COLUMN first_name TO "na""me"', 'ALTER TABLE studio.users RENAME COLUMN "na""me" TO first_name' ],
	[ 'ALTER TABLE studio.users RENAME TO people', 'ALTER TABLE studio.people RENAME TO users' ],
	[ 'ALTER TABLE studio.swan_waits RENAME TO waits', 'ALTER TABLE studio.waits RENAME TO swan_waits' ],
	[ 'ALTER TABLE studio.swan_ledger RENAME TO ledger', 'ALTER TABLE studio.ledger RENAME TO swan_ledger' ],
	[ 'ALTER SCHEMA studio RENAME TO gym', 'ALTER SCHEMA gym RENAME TO studio' ],
	[ 'ALTER TABLE studio.sessions SET SCHEMA fuzz', 'ALTER TABLE fuzz.sessions SET SCHEMA studio' ],
	[ 'DROP INDEX studio.sessions_trainer', 'CREATE INDEX sessions_trainer ON studio.sessions (trainer_id, session_date)' ],
	[ 'DROP INDEX studio.swan_ledger_key', 'CREATE UNIQUE INDEX swan_ledger_key ON studio.swan_ledger (user_id, kind, key) WHERE key IS NOT NULL' ],
	[ 'CREATE INDEX fuzz%d ON studio.sessions ((session_date::text || status))', 'DROP INDEX studio.fuzz%d' ],
	[ 'CREATE UNIQUE INDEX fuzz%d ON studio.sessions (id) INCLUDE (status)', 'DROP INDEX studio.fuzz%d' ],
	[ 'ALTER TABLE studio.sessions ALTER COLUMN notes TYPE varchar(30) USING left(notes, 30)', 'ALTER TABLE studio.sessions ALTER COLUMN notes TYPE text' ],
	[ 'ALTER TABLE studio.users ALTER COLUMN last_name TYPE varchar(200)', 'ALTER TABLE studio.users ALTER COLUMN last_name TYPE text' ],
	[ 'ALTER TABLE studio.swan_ledger ALTER COLUMN reason TYPE varchar(255)', 'ALTER TABLE studio.swan_ledger ALTER COLUMN reason TYPE text' ],
	[ 'ALTER TABLE studio.sessions ADD CONSTRAINT fuzz%d CHECK (duration < 100) NOT VALID', 'ALTER TABLE studio.sessions DROP CONSTRAINT fuzz%d' ],
	[ 'ALTER TABLE studio.sessions ENABLE ROW LEVEL SECURITY', 'ALTER TABLE studio.sessions DISABLE ROW LEVEL SECURITY' ],
	[ 'ALTER TABLE studio.users OWNER TO other', 'ALTER TABLE studio.users OWNER TO shop' ],
	[ 'ALTER TABLE studio.swan_lots OWNER TO other', 'ALTER TABLE studio.swan_lots OWNER TO shop' ],
	[ 'ALTER TABLE studio.sessions SET (fillfactor = 50)', 'ALTER TABLE studio.sessions RESET (fillfactor)' ],
	[ 'REVOKE ALL ON studio.swan_ledger FROM shop', 'GRANT ALL ON studio.swan_ledger TO shop' ],
	[ 'ALTER TABLE studio.users DISABLE TRIGGER USER', 'ALTER TABLE studio.users ENABLE TRIGGER USER' ],
	[ 'ALTER TABLE studio.sessions DISABLE TRIGGER USER', 'ALTER TABLE studio.sessions ENABLE TRIGGER USER' ],
	[ "CREATE FUNCTION fuzz.t%d() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER fuzz%d BEFORE UPDATE OR INSERT ON studio.sessions FOR EACH ROW WHEN (random() < 0.1) EXECUTE FUNCTION fuzz.t%d()",
	  'DROP FUNCTION fuzz.t%d CASCADE' ],
	[ "CREATE FUNCTION fuzz.t%d() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.duration := 10; NEW.notes := 1; RETURN NEW; END'; CREATE TRIGGER fuzz%d BEFORE UPDATE ON studio.sessions FOR EACH ROW EXECUTE FUNCTION fuzz.t%d()",
	  'DROP FUNCTION fuzz.t%d CASCADE' ],
	[ "CREATE FUNCTION fuzz.t%d() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE studio.users SET last_name = NEW.id WHERE id = NEW.user_id; RETURN NULL; END'; CREATE TRIGGER fuzz%d AFTER UPDATE ON studio.sessions FOR EACH ROW EXECUTE FUNCTION fuzz.t%d()",
	  'DROP FUNCTION fuzz.t%d CASCADE' ],
	[ "CREATE FUNCTION fuzz.t%d() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM swan_summary(NEW.id); PERFORM swan_grant(NEW.id, 1); RETURN NULL; END'; CREATE CONSTRAINT TRIGGER fuzz%d AFTER UPDATE ON studio.users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fuzz.t%d()",
	  'DROP FUNCTION fuzz.t%d CASCADE' ],
	[ 'CREATE RULE fuzz%d AS ON UPDATE TO studio.users WHERE NEW.id < 8 DO ALSO SELECT 1', 'DROP RULE fuzz%d ON studio.users' ],
	[ 'CREATE RULE fuzz%d AS ON INSERT TO studio.swan_waits DO INSTEAD NOTHING', 'DROP RULE fuzz%d ON studio.swan_waits' ],
	[ 'CREATE TABLE fuzz.child%d () INHERITS (studio.sessions)', 'DROP TABLE fuzz.child%d' ],
	[ 'CREATE TRIGGER fuzz%d AFTER INSERT OR UPDATE ON fuzz.people FOR EACH ROW EXECUTE FUNCTION swan_guard_users(); INSERT INTO fuzz.people DEFAULT VALUES', 'DROP TRIGGER fuzz%d ON fuzz.people' ],
	[ 'CREATE TRIGGER fuzz%d BEFORE INSERT ON fuzz.visits FOR EACH STATEMENT EXECUTE FUNCTION swan_guard_sessions(); INSERT INTO fuzz.visits DEFAULT VALUES', 'DROP TRIGGER fuzz%d ON fuzz.visits' ],
	[ 'DROP TABLE studio.swan_holds CASCADE', '-' ],
	[ 'DROP TABLE studio.sessions CASCADE', '-' ],
	[ 'ALTER TABLE studio.sessions DROP COLUMN session_date CASCADE', '-' ],
	[ 'ALTER TABLE studio.users DROP COLUMN email CASCADE', '-' ],
	[ 'ALTER TABLE studio.sessions DROP COLUMN kind CASCADE', '-' ],
	[ 'DROP ROLE IF EXISTS ann', '-' ],
	[ 'DROP FUNCTION swan_errors()', '-' ],
	[ 'DROP EXTENSION swanalloc', '-' ],
	[ 'SELECT swan_detach(\'app\')', '-' ],
	[ 'SELECT swan_detach(\'studio\'); SELECT count(*) FROM swan_attach(\'studio.users\', \'studio.sessions\', \'{"old_bookings": "flag"}\')', '-' ],
);

# functions that make, remove or change a studio; what they did is rolled back where everything must be right in the end
my $structural = qr/_(?:configure|detach|attach|create_studio|close_studio|adopt_studio|allow|disallow|upgrade_studio|backfill|rebase_feed)$/;

# A batch: the script, what each of its steps is, as [function or '', SQL], what it is about, and what undoes
# its changes.  A calm one changes next to nothing that plans depend on, and so is much faster; with $each
# it begins with every function once.
sub batch
{
	my ($seed, $catalog, $pool, $profile, $steps, $calm, $each) = @_;
	srand($seed);
	my ($script, @steps, @undo) = ('');
	my $mode = $calm ? pick('calls', 'calls', 'calls', 'direct') : pick('calls', 'direct', 'changes');
	my $session = sub { $script .= "$_[0];\n" };
	my $step = sub {
		my ($function, $sql) = @_;
		push @steps, [ $function, $sql ];
		$script .= "$sql;\n\\echo \@$#steps :SQLSTATE\n";
	};
	my $function = sub {
		my $f;
		do { $f = pick(@{ $catalog->{functions} }) } while $f->{name} =~ $structural && chance($calm ? 97 : 75);
		return $f;
	};
	# not DEFERRABLE: where a savepoint catches that its wait was cancelled, a server with assertions ends
	my $start = sub { return 'BEGIN ' . pick('', '', 'ISOLATION LEVEL REPEATABLE READ', 'ISOLATION LEVEL SERIALIZABLE', 'READ ONLY', 'ISOLATION LEVEL SERIALIZABLE, READ ONLY') };
	my $who = 'postgres';
	my $query = sub { return ($_[0]{kind} eq 'p' ? 'CALL ' : $_[0]{name} =~ /guard|registry_changed/ ? 'SELECT ' : 'SELECT * FROM ') . call($pool, $_[0], $who) };
	# one whose work may last
	my $lasting = sub { return pick(grep { $profile eq 'off' || $_->{name} !~ $structural } @{ $catalog->{functions} }) };
	my $some = sub { my $f = $lasting->(); $step->($f->{name}, $query->($f)) };
	my $write = sub { $step->('', direct($pool, $catalog->{columns}, $profile)) };

	$script = "\\set VERBOSITY terse\n\\o /dev/null\n";
	$session->('SET lock_timeout = ' . pick(1, 20, 100, 200));
	$session->('SET statement_timeout = ' . pick(5, 100, 2000, 2000, 2000, 2000, 2000));
	$session->('SET swanalloc.studio = ' . pick(('studio') x 14, ("'O''Brien''s \"Box\"'") x 2, ('app') x 3, 'nonsense', 'DEFAULT'));
	# a savepoint around each statement of a transaction
	$script .= '\set ON_ERROR_ROLLBACK ' . pick('on', 'on', 'off') . "\n";
	$session->('SET swanalloc.direct_rows = ' . pick('on', 'on', 'off'));
	$session->('SET default_transaction_isolation = ' . quote(pick('read committed', 'read committed', 'read committed', 'repeatable read', 'serializable')));
	$session->("SET timezone = '" . pick('UTC', 'UTC', 'America/New_York', 'Asia/Kathmandu') . "'");
	$session->("SET datestyle = '" . pick('ISO', 'ISO', 'German', 'SQL, DMY', 'Postgres') . "'");
	$session->("SET intervalstyle = '" . pick('postgres', 'iso_8601', 'sql_standard') . "'");
	$session->('SET search_path = ' . pick('DEFAULT', 'public, fuzz', 'public, pg_temp, pg_catalog', 'studio, public'));
	$session->('SET session_replication_role = replica') if $profile eq 'off' && chance(10);

	if ($each)
	{
		for my $f (@{ $catalog->{functions} })
		{
			$session->('BEGIN');
			$step->($f->{name}, $query->($f));
			$session->('ROLLBACK');
		}
	}
	while (@steps < $steps)
	{
		my $f = $function->();
		my $name = $f->{name};
		$who = pick(@roles);
		my $dice = rand(100);
		my $kept = $profile eq 'off' || $name !~ $structural;

		$who = pick('shop', 'postgres') if ($name =~ $structural && chance(80)) || ($mode ne 'calls' && chance(60));
		if ($mode eq 'changes' && chance(25))
		{
			my ($change, $undo) = @{ pick(@changes) };
			my $n = int(rand(1000000));
			s/%d/$n/g for $change, $undo;
			$session->('BEGIN');
			$step->('', $_) for split /; (?=[A-Z]+ )/, $change;
			$session->('SAVEPOINT a');
			if (chance(60))
			{
				$session->("SET LOCAL SESSION AUTHORIZATION $who");
				for (1 .. 3) { $f = $function->(); $step->("beside", $query->($f)); $session->('ROLLBACK TO a') if chance(70) }
				$session->('ROLLBACK TO a');
			}
			# a change that lasts is seen by the others, and undone with a wait long enough
			if ($undo eq '-' || chance(50)) { $session->('ROLLBACK') }
			else
			{
				$step->('', $undo) if $undo =~ /ENABLE TRIGGER/;
				$session->('COMMIT');
				$some->() for 1 .. 2;
				$session->('ROLLBACK; SET statement_timeout = 0; SET lock_timeout = 0');
				$step->('', $undo);
				push @undo, $undo;
				$session->('SET statement_timeout = 2000; SET lock_timeout = 100');
			}
			next;
		}
		# a studio is closed and opened, or leaves and is taken up, whatever the others do meanwhile
		if ($profile eq 'refuse' && chance(1))
		{
			my $studio = quote(pick(@{ $words{studio} }));
			if (chance(40))
			{
				$step->('swan_close_studio', "SELECT swan_close_studio('a while', $studio)");
				chance(30) ? $write->() : $some->() for 1 .. int(rand(5));
				$step->('swan_open_studio', "SELECT swan_open_studio($studio)");
			}
			elsif (chance(40)) { $step->('swan_adopt_studio', "SELECT fuzz.take_up($studio)") }
			else
			{
				my ($adopt) = grep { $_->{name} eq 'swan_adopt_studio' } @{ $catalog->{functions} };
				$session->($start->());
				$step->('swan_detach', "SELECT swan_detach($studio)");
				for (1 .. 3)
				{
					$session->('SAVEPOINT a');
					$step->('swan_adopt_studio', $query->($adopt));
					$some->() if chance(50);
					$session->('ROLLBACK TO a') if chance(70);
				}
				$session->('ROLLBACK');
			}
			next;
		}
		$session->("SET SESSION AUTHORIZATION $who") if $who ne 'postgres';
		if ($mode eq 'direct' && chance(50))
		{
			$session->($start->()) if my $block = chance(30);
			$write->() for 1 .. 1 + int(rand(3));
			$some->() if chance(50);
			$session->(pick('COMMIT', 'ROLLBACK')) if $block;
		}
		elsif (!$kept)
		{
			$session->($start->());
			$session->('SELECT swan_act_as(' . value($pool, 'bigint', 'actor', 0) . ')') if chance(20);
			$step->($name, $query->($f));
			$session->('SAVEPOINT a');
			for (1 .. int(rand(3))) { my $g = $function->(); $step->($g->{name}, $query->($g)); $session->('ROLLBACK TO a') if chance(50) }
			$session->('ROLLBACK');
		}
		elsif ($f->{kind} eq 'p' || $dice < 40)
		{
			$step->($name, $query->($f));
		}
		elsif ($dice < 55)
		{
			$session->($start->());
			$session->('SELECT swan_act_as(' . value($pool, 'bigint', 'actor', 0) . pick('', '', ', true') . ')') if chance(20);
			$session->('SAVEPOINT a') if chance(70);
			$step->($name, $query->($f));
			$session->(pick('ROLLBACK TO a', 'RELEASE a', 'SAVEPOINT b'));
			for (1 .. int(rand(4)))
			{
				$some->();
				$session->('ROLLBACK TO a') if chance(50);
			}
			$write->() if chance(10);
			$session->(pick('COMMIT', 'COMMIT', 'ROLLBACK'));
		}
		elsif ($dice < 70)
		{
			my @commands = ($query->($f), map { chance(20) ? direct($pool, $catalog->{columns}, $profile) : $query->($lasting->()) } 1 .. int(rand(3)));
			push @steps, [ 'try', join('; ', @commands) ];
			$script .= "\\set state none\nSELECT fuzz.try(" . join(', ', map { "\$fuzz\$$_\$fuzz\$" } @commands) . ") AS state \\gset\n\\echo \@$#steps :SQLSTATE :state\n";
		}
		elsif ($dice < 74) { $step->($name, 'SELECT ' . pick('(' . call($pool, $f, $who) . ')::text', call($pool, $f, $who))) }
		elsif ($dice < 77) { $step->($name, 'SELECT * FROM generate_series(1, 3) g, LATERAL ' . call($pool, $f, $who)) }
		elsif ($dice < 80) { $step->($name, $query->($f) . pick(' LIMIT 1', ' OFFSET 1', ' LIMIT 0')) }
		elsif ($dice < 84)
		{
			$session->($start->());
			$step->($name, 'DECLARE c ' . pick('', 'SCROLL', 'NO SCROLL') . ' CURSOR ' . pick('', 'WITH HOLD') . ' FOR ' . $query->($f));
			$step->($name, pick('FETCH 1 FROM c', 'FETCH ALL FROM c', 'MOVE 1 FROM c; FETCH BACKWARD 1 FROM c'));
			$some->() if $profile eq 'off';
			$session->(pick('COMMIT', 'ROLLBACK', 'SAVEPOINT x; FETCH 1 FROM c; ROLLBACK TO x; COMMIT'));
			$session->('CLOSE ALL');
		}
		elsif ($dice < 87)
		{
			$step->($name, 'PREPARE p AS ' . $query->($f));
			$step->($name, 'EXECUTE p') for 1 .. 2;
			$session->('DEALLOCATE ALL');
		}
		elsif ($dice < 89) { $step->($name, 'CREATE TEMP TABLE made AS SELECT 1 FROM ' . call($pool, $f, $who)); $session->('DROP TABLE made') }
		elsif ($dice < 91) { $step->($name, 'EXPLAIN (ANALYZE, VERBOSE, COSTS off) ' . $query->($f)) }
		# psql does not set SQLSTATE where a COPY fails on its way, so that of what came before must not be taken for it
		elsif ($dice < 93) { $session->('SELECT'); $step->($name, 'COPY (' . $query->($f) . ') TO STDOUT') }
		elsif ($dice < 95) { $step->($name, 'SELECT count(*), EXISTS (' . $query->($f) . ') FROM ' . call($pool, $f, $who)) }
		elsif ($dice < 98) { $step->($name, 'INSERT INTO fuzz.commands VALUES ($fuzz$' . $query->($f) . '$fuzz$)') }
		elsif ($dice < 99)
		{
			$session->(pick('DISCARD PLANS', 'DISCARD ALL', 'SET swanalloc.actor = 5', 'RESET ALL', 'SET LOCAL swanalloc.studio = app', 'SELECT pg_catalog.set_config(\'swanalloc.actor\', \'x\', true)'));
		}
		else
		{
			$session->('SET statement_timeout = ' . pick(1, 2, 5));
			$some->() for 1 .. 3;
			$session->('SET statement_timeout = 2000');
		}
		$session->('RESET SESSION AUTHORIZATION') if $who ne 'postgres';
	}
	return ($script, \@steps, $mode, \@undo);
}

1;
