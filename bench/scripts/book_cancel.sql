SELECT * FROM swan_book(:user, :slot, actor => :user);
SELECT * FROM swan_cancel(:slot, actor => :user);
