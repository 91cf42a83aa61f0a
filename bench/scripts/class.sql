\set class :slot - (:slot - 1) % 30
SELECT * FROM swan_book(:user, 1000000 + :class, actor => :user);
