// The rules of bench_cel by cel-go, over the same rows as structs: a round of "cel-go rule ns".
// main DIR, which bench_cel DIR has written. A time is the smaller of CPU and wall time, so that
// neither another's load nor the collector's own threads count against it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/interpreter"
)

const roundTime = 50 * time.Millisecond

type rule struct {
	Name, Cel string
	Held      int
}

type record struct {
	Price, Qty                     float64
	Name, Store, Unit, Item, Chain string
	T1                             int64
	Tags                           []string
}

// A struct as cel-go's input: no map, no reflection.
func (r *record) ResolveName(name string) (any, bool) {
	switch name {
	case "price":
		return r.Price, true
	case "name":
		return r.Name, true
	case "store":
		return r.Store, true
	case "unit":
		return r.Unit, true
	case "item":
		return r.Item, true
	case "qty":
		return r.Qty, true
	case "chain":
		return r.Chain, true
	case "t1":
		return r.T1, true
	case "tags":
		return r.Tags, true
	}
	return nil, false
}

func (r *record) Parent() interpreter.Activation { return nil }

func must(err error) {
	if err != nil {
		fmt.Println("cel-go:", err)
		os.Exit(1)
	}
}

func readRules(folder string) (rules []rule) {
	text, err := os.ReadFile(filepath.Join(folder, "rules.json"))
	must(err)
	must(json.Unmarshal(text, &rules))
	return rules
}

func readRows(folder string) (rows []*record) {
	file, err := os.Open(filepath.Join(folder, "rows.jsonl"))
	must(err)
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		row := &record{}
		must(json.Unmarshal(lines.Bytes(), row))
		rows = append(rows, row)
	}
	return rows
}

func newEnv() *cel.Env {
	env, err := cel.NewEnv(
		cel.Variable("price", cel.DoubleType), cel.Variable("name", cel.StringType),
		cel.Variable("store", cel.StringType), cel.Variable("unit", cel.StringType),
		cel.Variable("item", cel.StringType), cel.Variable("qty", cel.DoubleType),
		cel.Variable("chain", cel.StringType), cel.Variable("t1", cel.IntType),
		cel.Variable("tags", cel.ListType(cel.StringType)))
	must(err)
	return env
}

func compile(env *cel.Env, source string) cel.Program {
	ast, issues := env.Compile(source)
	must(issues.Err())
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	must(err)
	return program
}

func countHeld(program cel.Program, rows []*record) (held int) {
	for _, row := range rows {
		value, _, err := program.Eval(row)
		must(err)
		if value.Value() == true {
			held++
		}
	}
	return held
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func measure(program cel.Program, rows []*record) float64 {
	cpu, start, passes := cpuTime(), time.Now(), 0
	for time.Since(start) < roundTime {
		countHeld(program, rows)
		passes++
	}
	taken := min(time.Since(start), cpuTime()-cpu)
	return float64(taken.Nanoseconds()) / float64(passes*len(rows))
}

func main() {
	rules, rows, env := readRules(os.Args[1]), readRows(os.Args[1]), newEnv()
	for _, rule := range rules {
		program := compile(env, rule.Cel)
		if countHeld(program, rows) != rule.Held {
			fmt.Println("cel-go:", rule.Name, "another answer")
			os.Exit(1)
		}
		fmt.Printf("cel-go %s %.1f\n", rule.Name, measure(program, rows))
	}
}
