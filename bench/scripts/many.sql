SELECT * FROM swan_grant_many(ARRAY(SELECT generate_series(1, :many)), 1, 'Bench', actor => :admin);
