SELECT g.* FROM generate_series(1, :many) i, swan_grant(i, 1, 'Bench', actor => :admin) g;
