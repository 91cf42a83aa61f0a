\set trainer :clients + 1 + (:slot - 1) % :clients / 10
SELECT * FROM pgledger.create_one('pgla_' || lpad(:user::text, 26, '0'), 'pgla_' || lpad(:trainer::text, 26, '0'), 1);
