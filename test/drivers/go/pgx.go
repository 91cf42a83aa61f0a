// pgx against a studio made by swan_create_studio: 1 Ada (admin), 3 John and 4 Jane (clients), slots 1 to 20. The login is listed
// as backend.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

var ctx = context.Background()

// Says how a step went, for test/t/Drivers.pm to count.
func step(name string, run func() error) {
	if err := run(); err != nil {
		fmt.Printf("not ok - %s\n# %s\n", name, strings.ReplaceAll(err.Error(), "\n", "\n# "))
		return
	}
	fmt.Printf("ok - %s\n", name)
}

func same(got, wanted interface{}) error {
	if got != wanted {
		return fmt.Errorf("got %v (%T), wanted %v (%T)", got, got, wanted, wanted)
	}
	return nil
}

// The first of some errors.
func all(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// What an error answers a client with, by its SQLSTATE.
type answer struct {
	status  int32
	code    string
	message string
}

func readErrors(pool *pgxpool.Pool) (map[string]answer, error) {
	rows, err := pool.Query(ctx, "SELECT sqlstate, http_status, code, message FROM swan_errors()")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[string]answer{}
	for rows.Next() {
		var state string
		var a answer
		if err := rows.Scan(&state, &a.status, &a.code, &a.message); err != nil {
			return nil, err
		}
		known[state] = a
	}
	return known, rows.Err()
}

// SQLSTATE and DETAIL of an error.
func stateOf(err error) (string, string) {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code, pgErr.Detail
	}
	return "", ""
}

func book(on interface {
	QueryRow(context.Context, string, ...interface{}) pgx.Row
}, values ...interface{}) (id int64, at time.Time, left int32, replayed bool, err error) {
	err = on.QueryRow(ctx, "SELECT session_id, session_date, available_sessions, replayed FROM swan_book($1, $2, key => $3, actor => $4)",
		values...).Scan(&id, &at, &left, &replayed)
	return
}

func main() {
	config, err := pgxpool.ParseConfig("")
	if err != nil {
		panic(err)
	}
	config.MaxConns = 1
	pool, err := pgxpool.ConnectConfig(ctx, config)
	if err != nil {
		panic(err)
	}
	defer pool.Close()
	known, err := readErrors(pool)
	if err != nil {
		panic(err)
	}
	pid := func() (pid int32) {
		_ = pool.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid)
		return
	}

	step("bigint is an int64, integer an int32; a key is a retry's", func() error {
		var user int64
		var added int32
		err := pool.QueryRow(ctx, "SELECT user_id, added FROM swan_grant($1, $2, key => $3, actor => $4)", 3, 2, "pgx", 1).Scan(&user, &added)
		id, at, left, replayed, booked := book(pool, 3, 7, "k1", 3)
		_, _, _, again, repeated := book(pool, 3, 7, "k1", 3)
		return all(err, booked, repeated, same(user, int64(3)), same(added, int32(2)), same(id, int64(7)), same(left, int32(1)),
			same(replayed, false), same(again, true), same(at.UTC().Format(time.RFC3339), "2099-06-07T09:00:00Z"))
	})

	step("SQLSTATE and DETAIL; NULL for an actor is nobody", func() error {
		_, _, _, _, taken := book(pool, 3, 7, "k2", 3)
		_, _, _, _, nobody := book(pool, 3, 8, nil, nil)
		state, detail := stateOf(taken)
		none, _ := stateOf(nobody)
		var more struct{ SessionId int64 }
		return all(same(state, "SW002"), json.Unmarshal([]byte(detail), &more), same(more.SessionId, int64(7)),
			same(known[state].status, int32(400)), same(none, "SW006"))
	})

	step("a wrong type is pgx's own error, or 400, and keeps the connection", func() error {
		before := pid()
		for _, value := range []interface{}{true, "abc", "", "1e30", "3\x00", []int{3}, "99999999999999999999"} {
			_, _, _, _, err := book(pool, 3, value, nil, 3)
			state, _ := stateOf(err)
			if err == nil || (state != "" && known[state].status != 400) {
				return fmt.Errorf("%v: %v", value, err)
			}
		}
		return same(pid(), before)
	})

	step("a float is cut by pgx 4, so ids are int64 or text before they are passed on", func() error {
		id, _, _, _, err := book(pool, 3, 2.5, nil, 3)
		_, _, _, _, text := book(pool, 3, json.Number("2.5").String(), nil, 3)
		return all(err, same(id, int64(2)), same(text == nil, false))
	})

	step("swan_act_as() in a transaction, and no longer; a savepoint goes on after a refusal", func() error {
		err := pool.BeginFunc(ctx, func(tx pgx.Tx) error {
			var user int64
			if _, err := tx.Exec(ctx, "SELECT swan_act_as($1)", 3); err != nil {
				return err
			}
			refused := tx.BeginFunc(ctx, func(sub pgx.Tx) error {
				_, err := sub.Exec(ctx, "SELECT * FROM swan_book(3, 7)")
				return err
			})
			state, _ := stateOf(refused)
			err := tx.QueryRow(ctx, "SELECT user_id FROM swan_actor()").Scan(&user)
			return all(err, same(state, "SW002"), same(user, int64(3)))
		})
		_, refused := pool.Exec(ctx, "SELECT * FROM swan_book(3, 9)")
		state, _ := stateOf(refused)
		return all(err, same(state, "SW006"))
	})

	step("a time without a zone is a text for swan_time()", func() error {
		var at time.Time
		err := pool.QueryRow(ctx, "SELECT swan_time($1)", "2099-06-01 09:00").Scan(&at)
		return all(err, same(at.UTC().Format(time.RFC3339), "2099-06-01T07:00:00Z"))
	})

	step("the simple protocol, as PgBouncer's transactions need it before 1.21", func() error {
		config := config.Copy()
		config.ConnConfig.PreferSimpleProtocol = true
		config.ConnConfig.BuildStatementCache = nil
		simple, err := pgxpool.ConnectConfig(ctx, config)
		if err != nil {
			return err
		}
		defer simple.Close()
		_, _, _, replayed, err := book(simple, 3, 7, "k1", 3)
		_, _, _, _, refused := book(simple, 3, 7, nil, 3)
		state, _ := stateOf(refused)
		return all(err, same(replayed, true), same(state, "SW002"))
	})

	fmt.Println("done")
	os.Stdout.Sync()
}
