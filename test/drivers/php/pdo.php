<?php
// PDO against a studio made by swan_create_studio: 1 Ada (admin), 3 John and 4 Jane
// (clients), slots 1 to 20. The login is listed as backend.
require __DIR__ . '/report.php';

$db = connect(getenv('PGHOST'));
$errors = read_errors($db);
$pid = fn () => $db->query('SELECT pg_backend_pid()')->fetchColumn();
$db->query("SELECT * FROM swan_grant(3, 2, actor => 1)");

step('docs/backends.md: its code books and answers', function () use ($db, $errors) {
    [$status, $body] = book($db, $errors, 3, 7, 'k1', 3);
    same([$status, $body['available_sessions'], $body['replayed']], [200, 1, false]);
    same(book($db, $errors, '3', '7', 'k1', 3)[1]['replayed'], true);
    [$status, $body] = book($db, $errors, 3, 7, 'k2', 3);
    ksort($body);
    same([$status, $body], [400, ['code' => 'SESSION_NOT_AVAILABLE', 'message' => 'Session is not available for booking.',
        'sessionId' => 7, 'success' => false]]);
    same(book($db, $errors, 3, 8, 'k3', null)[0], 403);
});

step('docs/backends.md: a wrong type is 400, a key that is none too', function () use ($db, $errors) {
    foreach ([2.5, true, false, [3], [], ['id' => 3], 1e30, NAN, '1e30', '', 'abc', '99999999999999999999', "3\0", "\0", "\xff",
        '1; DROP TABLE users', str_repeat('x', 50000), new stdClass()] as $value) {
        foreach ([[3, $value], [$value, 8]] as [$user, $session]) {
            [$status, $body] = book($db, $errors, $user, $session, 'k4', 3);
            same([$status, $body['code']], [400, 'INVALID_ARGUMENT'], gettype($value));
        }
    }
    foreach (["a\0b", '', ' ', str_repeat('x', 256), true, 2.5, []] as $key) {
        same(book($db, $errors, 3, 8, $key, 3)[0], 400, gettype($key));
    }
});

step('docs/backends.md: a refusal keeps the server process', function () use ($db, $errors, $pid) {
    $before = $pid();
    foreach ([7, 999, 'x', "3\0", 2.5] as $session) {
        same(book($db, $errors, 3, $session, null, 3)[0], 400);
    }
    same($pid(), $before);
});

echo "done\n";
