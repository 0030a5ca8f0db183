package password

import "slices"

// A waiter is told nil when its turn comes, or that it lost its place.
type waiter chan error

// A line is where callers wait: in the order they came, or in lines within it that take turns, each under a key.
type line struct {
	key     string
	size    int // how many wait here
	lines   []*line
	waiters []waiter
}

// add puts a waiter at the end of the line that keys lead to.
func (l *line) add(w waiter, keys ...string) {
	l.size++
	if len(keys) == 0 {
		l.waiters = append(l.waiters, w)
		return
	}
	sub := l.sub(keys[0])
	if sub == nil {
		sub = &line{key: keys[0]}
		l.lines = append(l.lines, sub)
	}
	sub.add(w, keys[1:]...)
}

// next takes out who is next: the first of the line whose turn it is, which then goes behind the others. It is nil if nobody
// waits.
func (l *line) next() waiter {
	if l.size == 0 {
		return nil
	}
	l.size--
	if len(l.lines) == 0 {
		w := l.waiters[0]
		l.waiters = l.waiters[1:]
		return w
	}
	sub := l.lines[0]
	l.lines = l.lines[1:]
	w := sub.next()
	if sub.size > 0 {
		l.lines = append(l.lines, sub)
	}
	return w
}

// remove takes a waiter out of the line that keys lead to, and tells whether it was there.
func (l *line) remove(w waiter, keys ...string) bool {
	if len(keys) == 0 {
		i := slices.Index(l.waiters, w)
		if i < 0 {
			return false
		}
		l.waiters = slices.Delete(l.waiters, i, i+1)
		l.size--
		return true
	}
	sub := l.sub(keys[0])
	if sub == nil || !sub.remove(w, keys[1:]...) {
		return false
	}
	l.size--
	if sub.size == 0 {
		l.lines = slices.DeleteFunc(l.lines, func(x *line) bool { return x == sub })
	}
	return true
}

// yield takes out a waiter to make place for one under the keys: the last of the longest line, if that is longer than the
// line under the first key would be; or else the same among those within that line. It is nil if nobody has to yield.
func (l *line) yield(keys ...string) waiter {
	if len(keys) == 0 {
		return nil
	}
	mine := l.sub(keys[0])
	size := 0
	if mine != nil {
		size = mine.size
	}
	longest := l.longest()
	var w waiter
	switch {
	case longest != mine && longest.size > size+1:
		w = longest.last()
	case mine != nil:
		w = mine.yield(keys[1:]...)
	}
	if w != nil {
		l.size--
	}
	return w
}

// last takes out the last of the longest line within.
func (l *line) last() (w waiter) {
	l.size--
	if len(l.lines) == 0 {
		w, l.waiters = l.waiters[len(l.waiters)-1], l.waiters[:len(l.waiters)-1]
		return w
	}
	longest := l.longest()
	if w = longest.last(); longest.size == 0 {
		l.lines = slices.DeleteFunc(l.lines, func(x *line) bool { return x == longest })
	}
	return w
}

// longest returns the longest of the lines within; of several, the one whose turn comes last.
func (l *line) longest() (found *line) {
	for _, s := range l.lines {
		if found == nil || s.size >= found.size {
			found = s
		}
	}
	return found
}

// sub returns the line of a key, or nil if nobody waits there.
func (l *line) sub(key string) *line {
	for _, s := range l.lines {
		if s.key == key {
			return s
		}
	}
	return nil
}
