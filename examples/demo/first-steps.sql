CREATE EXTENSION swanalloc;
CREATE ROLE gym_owner;                                    -- owns the tables
CREATE ROLE gym_app LOGIN;                                -- what your backend logs in as
SELECT swan_create_studio('studio', owner => 'gym_owner');
SELECT swan_allow('gym_app', 'backend');                  -- it names an actor on each call
INSERT INTO studio.users (first_name, last_name, role)    -- they get the ids 1, 2 and 3
  VALUES ('Ada', 'Bell', 'admin'), ('Tom', 'Cole', 'trainer'), ('Eve', 'Dunn', 'client');
SET ROLE gym_app;
SELECT * FROM swan_grant(3, 5, 'Welcome', actor => 1);    -- Ada gives Eve 5 credits
SELECT * FROM swan_open(2, now() + '1 day', actor => 2);  -- Tom opens a slot, session 1
SELECT * FROM swan_book(3, 1, actor => 3);                -- Eve books it and has 4 left
SELECT * FROM swan_statement(3, actor => 3);              -- and reads her ledger
