\set trainer :clients + 1 + (:slot - 1) % :clients / 10
SELECT * FROM transfer.create(:user, :trainer, 1);
