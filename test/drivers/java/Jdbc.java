// JDBC against a studio made by swan_create_studio: 1 Ada (admin), 3 John and 4 Jane (clients), slots 1 to 20. The login is
// listed as backend. Run by `java Jdbc.java`, or compiled.
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.postgresql.util.PSQLException;

public class Jdbc {
    interface Work {
        void run() throws Exception;
    }

    // Says how a step went, for test/t/Drivers.pm to count.
    static void step(String name, Work work) {
        try {
            work.run();
            System.out.println("ok - " + name);
        } catch (Throwable err) {
            System.out.println("not ok - " + name + "\n# " + String.valueOf(err).replace("\n", "\n# "));
        }
    }

    static void same(Object got, Object wanted) {
        if (!Objects.equals(got, wanted)) {
            throw new AssertionError("got " + got + ", wanted " + wanted);
        }
    }

    static SQLException refused(Work work) throws Exception {
        try {
            work.run();
        } catch (SQLException err) {
            return err;
        }
        throw new AssertionError("was not refused");
    }

    static String detail(SQLException err) {
        return ((PSQLException) err).getServerErrorMessage().getDetail();
    }

    static ResultSet call(Connection db, String call, Object... values) throws SQLException {
        PreparedStatement statement = db.prepareStatement("SELECT * FROM " + call);
        for (int i = 0; i < values.length; i++) {
            if (values[i] == null) {
                statement.setNull(i + 1, Types.BIGINT);
            } else {
                statement.setObject(i + 1, values[i]);
            }
        }
        ResultSet rows = statement.executeQuery();
        rows.next();
        return rows;
    }

    static ResultSet book(Connection db, Object user, Object session, String key, Object actor) throws SQLException {
        return call(db, "swan_book(?, ?, key => ?::text, actor => ?)", user, session, key, actor);
    }

    static String url(String options) {
        // the driver knows no sockets: the port is one of the test's
        return "jdbc:postgresql://127.0.0.1:" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE") + "?user="
            + System.getenv("PGUSER") + options;
    }

    public static void main(String[] args) throws Exception {
        Connection db = DriverManager.getConnection(url(""));
        Map<String, Integer> status = new HashMap<>();
        try (ResultSet rows = db.createStatement().executeQuery("SELECT sqlstate, http_status FROM swan_errors()")) {
            while (rows.next()) {
                status.put(rows.getString(1), rows.getInt(2));
            }
        }

        step("getLong for ids, getInt for credits; a key is a retry's", () -> {
            ResultSet grant = call(db, "swan_grant(?, ?, key => ?, actor => ?)", 3L, 2, "jdbc", 1L);
            same(grant.getLong("user_id"), 3L);
            same(grant.getInt("added"), 2);
            ResultSet booking = book(db, 3L, 7L, "k1", 3L);
            same(booking.getLong("session_id"), 7L);
            same(booking.getObject("session_date", OffsetDateTime.class).toInstant(), Instant.parse("2099-06-07T09:00:00Z"));
            same(book(db, 3L, 7L, "k1", 3L).getBoolean("replayed"), true);
        });

        step("SQLSTATE and DETAIL; NULL for an actor is nobody", () -> {
            SQLException err = refused(() -> book(db, 3L, 7L, "k2", 3L));
            same(err.getSQLState(), "SW002");
            same(detail(err).contains("\"sessionId\": 7"), true);
            same(status.get(err.getSQLState()), 400);
            same(refused(() -> book(db, 3L, 8L, null, null)).getSQLState(), "SW006");
        });

        step("an id that is a text wants a cast, or stringtype=unspecified; a wrong one is 400", () -> {
            same(refused(() -> book(db, 3L, "8", null, 3L)).getSQLState(), "42883");
            try (Connection loose = DriverManager.getConnection(url("&stringtype=unspecified"))) {
                for (String value : new String[] {"2.5", "true", "abc", "", "1e30", "99999999999999999999", "1; DROP TABLE users"}) {
                    SQLException err = refused(() -> book(loose, 3L, value, null, 3L));
                    same(status.get(err.getSQLState()), 400);
                }
            }
        });

        step("swan_act_as() in a transaction, and no longer; a savepoint goes on after a refusal", () -> {
            db.setAutoCommit(false);
            call(db, "swan_act_as(?)", 3L);
            Savepoint before = db.setSavepoint();
            same(refused(() -> call(db, "swan_book(3, 7)")).getSQLState(), "SW002");
            db.rollback(before);
            same(call(db, "swan_actor()").getLong("user_id"), 3L);
            db.commit();
            db.setAutoCommit(true);
            same(refused(() -> call(db, "swan_book(3, 9)")).getSQLState(), "SW006");
        });

        step("a LocalDateTime is the studio's by swan_time()", () -> {
            same(call(db, "swan_time(?)", LocalDateTime.parse("2099-06-01T09:00")).getObject(1, OffsetDateTime.class).toInstant(),
                Instant.parse("2099-06-01T07:00:00Z"));
        });

        step("prepareThreshold=0, as PgBouncer's transactions need it before 1.21", () -> {
            try (Connection pooled = DriverManager.getConnection(url("&prepareThreshold=0"))) {
                for (int i = 0; i < 8; i++) {
                    same(book(pooled, 3L, 7L, "k1", 3L).getBoolean("replayed"), true);
                }
                same(call(pooled, "(SELECT count(*) FROM pg_prepared_statements) n").getLong(1), 0L);
            }
        });

        System.out.println("done");
    }
}
