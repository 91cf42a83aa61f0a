SELECT * FROM swan_book(:user, :slot, key => 'k' || :slot, actor => :user);
