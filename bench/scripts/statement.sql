SELECT * FROM swan_statement(:user, max_rows => 20, actor => :user);
