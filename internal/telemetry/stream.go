package telemetry

import (
	"io"
	"sync"
	"time"
)

// stream passes records on to standard output or error. Whoever reads there may have stopped, and then no request must
// wait: up to maxWaiting bytes do, and of records beyond that only their number is told, once they are read again.
type stream struct {
	w      io.Writer
	report func(lost int)

	mu      sync.Mutex
	waiting []byte
	lost    int
	news    chan struct{} // holds one
	closing chan struct{}
	done    chan struct{}
	once    sync.Once
}

const (
	maxWaiting = 8 << 20

	// gatherTime is how long after one write the next is made, with all that came meanwhile: to wake a goroutine for each record,
	// and to call the system, costs as much as half a validation.
	gatherTime = 4 * time.Millisecond

	// flushTime is how long the end of the program waits for a reader.
	flushTime = time.Second
)

func newStream(w io.Writer) *stream {
	s := &stream{w: w, news: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	return s
}

// Write never waits and never fails.
func (s *stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	if len(s.waiting)+len(b) > maxWaiting {
		s.lost++
	} else {
		s.waiting = append(s.waiting, b...)
	}
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (s *stream) run() {
	defer close(s.done)
	var spare []byte
	for {
		s.mu.Lock()
		batch, lost, report := s.waiting, s.lost, s.report
		s.waiting, s.lost = spare[:0], 0
		s.mu.Unlock()
		if len(batch) == 0 {
			select {
			case <-s.news:
				continue
			case <-s.closing:
				return
			}
		}
		_, _ = s.w.Write(batch) // there is nowhere to tell of a failure
		if spare = batch; cap(spare) > 1<<20 {
			spare = nil
		}
		if lost > 0 && report != nil {
			report(lost)
		}
		select {
		case <-time.After(gatherTime):
		case <-s.closing:
		}
	}
}

// close writes what waits, as far as it is read in time.
func (s *stream) close() {
	s.once.Do(func() { close(s.closing) })
	select {
	case <-s.done:
	case <-time.After(flushTime):
	}
}
