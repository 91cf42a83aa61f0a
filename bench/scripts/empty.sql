SELECT * FROM bench_empty(:user, :slot);
