<?php
// Says how a step went, for test/t/Drivers.pm to count; loads the code of docs/backends.md.
declare(strict_types=1);
error_reporting(E_ALL);
set_error_handler(function ($no, $message, $file, $line) {
    throw new ErrorException($message, 0, $no, $file, $line);
});

function step(string $name, callable $run): void
{
    try {
        $run();
        echo "ok - $name\n";
    } catch (Throwable $err) {
        echo "not ok - $name\n", preg_replace('/^/m', '# ', (string) $err), "\n";
    }
}

function same(mixed $got, mixed $wanted, string $what = ''): void
{
    if ($got !== $wanted) {
        throw new Exception($what . ' got ' . json_encode($got) . ', wanted ' . json_encode($wanted));
    }
}

function connect(string $host, array $options = []): PDO
{
    return new PDO('pgsql:host=' . $host . ';port=' . getenv('PGPORT') . ';dbname=' . getenv('PGDATABASE'), getenv('PGUSER'), '',
        $options + [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
}

preg_match('/^```php\n<\?php\n(.*?)^```$/ms', file_get_contents(getenv('SWAN_DOCS') . '/backends.md'), $match);
eval($match[1]);
