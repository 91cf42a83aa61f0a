SELECT * FROM swan_book(:user, :slot, actor => :user);
