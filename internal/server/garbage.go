package server

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// garbageBefore is how many bytes are allocated, at least, between two runs of the garbage collector once the server has warmed up.
const garbageBefore = 64 << 20

// paceCollector makes garbage collections rare while little is kept. A validation allocates a few kilobytes and keeps none; with Go's
// default, which collects when as much was allocated as is kept, a server that keeps ten megabytes spends a quarter of its time on
// walking through these. What is kept beside is never more than doubled. An operator's GOGC or GOMEMLIMIT is left alone.
func paceCollector() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		pace(0)
	}
}

// pace sets the pace by what the last collection kept, and again after each. was is the last setting.
func pace(was int) {
	kept := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(kept)
	percent := max(100, min(1000, int(garbageBefore*100/max(1, kept[0].Value.Uint64()))))
	if percent*10 < was*9 || percent*10 > was*11 {
		debug.SetGCPercent(percent)
		was = percent
	}
	type collected struct{ _ *int } // with a pointer, so that it is not put together with others
	runtime.AddCleanup(&collected{}, pace, was)
}
