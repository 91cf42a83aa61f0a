<?php
// PDO through PgBouncer in transaction mode, two clients on one connection of the
// server, in the two ways that docs/backends.md names. SWAN_POOLED is the socket directory.
require __DIR__ . '/report.php';

foreach (['ATTR_EMULATE_PREPARES' => PDO::ATTR_EMULATE_PREPARES, 'PGSQL_ATTR_DISABLE_PREPARES' => PDO::PGSQL_ATTR_DISABLE_PREPARES] as $name => $option) {
    step("docs/backends.md: with $name its code books and answers", function () use ($option) {
        $clients = [connect(getenv('SWAN_POOLED'), [$option => true]), connect(getenv('SWAN_POOLED'), [$option => true])];
        $errors = read_errors($clients[0]);
        for ($i = 0; $i < 6; $i++) {
            same(book($clients[$i % 2], $errors, 3, 999, null, 3)[0], 400);
            same(book($clients[$i % 2], $errors, 3, '1', 'same', 1)[0], 200);
            same(book($clients[$i % 2], $errors, 3, 'x', null, 3)[0], 400);
        }
    });
}

echo "done\n";
