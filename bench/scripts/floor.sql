SELECT * FROM bench_floor(:user, :slot, :lot);
