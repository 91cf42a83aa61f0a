\echo '   And nobody writes past it, not even the superuser who runs these:'
SELECT demo.write('UPDATE studio.users SET available_sessions = 99 WHERE id = 123',
  '{"sqlstate": "SW011", "message": "Credits and bookings change only through the session allocation service."}');
SELECT demo.write('DELETE FROM studio.swan_ledger', '{"sqlstate": "SW014", "message": "The ledger cannot be changed."}');
