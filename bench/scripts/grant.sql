SELECT * FROM swan_grant(:user, :n, 'Bench', actor => :admin);
