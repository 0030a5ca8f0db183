package store

// Facts are what logins and validations ask of the database again and again: a user, the roles on a scope, a catalog. A
// glance recalls them from the node's memory as long as nothing that they were read from has been changed; a transaction
// always reads. Their values are shared: nobody changes them.

// Fact names one: what it is, of what, and on what.
type Fact struct{ What, Of, On string }

// factCost is about what a fact takes, in bytes. One that takes much more has a method Cost.
const factCost = 2 << 10

// Recall returns what read finds, or found before. read also returns the keys of all that it read from; nil for what
// changes with time alone and is not to be remembered.
func Recall[T any](tx *Tx, f Fact, read func() (T, []Key, error)) (T, error) {
	if tx.begun == nil {
		v, _, err := read()
		return v, err
	}
	if v, ok := tx.known[f]; ok {
		return v.(T), nil
	}
	if v, ok := tx.recalled(f); ok {
		return v.(T), nil
	}
	v, keys, err := read()
	if err == nil {
		tx.remember(f, v, keys)
	}
	return v, err
}

// recalled is what the node remembers of a fact. Whether that counts was settled as the glance began.
func (tx *Tx) recalled(f Fact) (any, bool) {
	if !tx.current {
		return nil, false
	}
	return tx.db.facts.get(f)
}

func (tx *Tx) remember(f Fact, v any, keys []Key) {
	if len(keys) == 0 {
		return
	}
	cost := factCost
	if v, ok := v.(interface{ Cost() int }); ok {
		cost = v.Cost()
	}
	tx.db.facts.Put(f, v, cost, *tx.begun, keys)
}
