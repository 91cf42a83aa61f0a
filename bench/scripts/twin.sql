SELECT * FROM twin.book(:user, :slot, actor => :user);
