// The endpoint's function behind another HTTP layer, for bench/rest: Go's net/http and
// pgx, which send the headers and the call together, in one round trip.
//
//	layer DATABASE-URI ADDRESS
//
// It only shows what a layer costs: it has no limits and cancels nothing.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const call = `SELECT api.admin_analytics_dashboard()::text,
	coalesce(nullif(current_setting('response.status', true), ''), '200')::int`

func main() {
	config, err := pgxpool.ParseConfig(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	// as in rest/postgrest.conf and by -v timeout of rest/setup.sql
	config.MaxConns = 4
	config.ConnConfig.RuntimeParams["role"] = "admin_dashboard_anon"
	config.ConnConfig.RuntimeParams["statement_timeout"] = "5s"

	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("GET /admin/analytics/dashboard", func(w http.ResponseWriter, r *http.Request) {
		id := make([]byte, 16)
		rand.Read(id)
		headers, _ := json.Marshal(map[string]string{
			"x-request-id":        hex.EncodeToString(id),
			"x-api-authorization": r.Header.Get("Authorization"),
			"x-query":             r.URL.RawQuery,
		})
		batch := &pgx.Batch{}
		batch.Queue("SELECT set_config('request.headers', $1, true)", string(headers))
		batch.Queue(call)
		body, status := `{"success": false, "message": "failed"}`, http.StatusInternalServerError
		results := pool.SendBatch(r.Context(), batch)
		if _, err := results.Exec(); err != nil {
			log.Print(err)
		} else if err := results.QueryRow().Scan(&body, &status); err != nil {
			log.Print(err)
		}
		results.Close()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		w.Write([]byte(body))
	})
	log.Fatal(http.ListenAndServe(os.Args[2], nil))
}
