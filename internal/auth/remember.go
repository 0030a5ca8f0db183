package auth

import (
	"sync/atomic"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Memory remembers tokens by their text. It holds only what stays true until something that a token is made from is
// changed; see store.Cache.
type Memory = store.Cache[string, *entry]

// NewMemory returns a memory of at most so many bytes.
func NewMemory(db *store.DB, most int) *Memory { return store.NewCache[string, *entry](db, most) }

// entry is a token that was opened, with what was written of it; or one that opens and does not hold.
type entry struct {
	refused error // why it does not hold, if it does not; until anything changes, nobody needs to look again
	token   identity.Token
	target  authz.Target // the token as rules see it
	until   time.Time    // when a membership ends that its roles may hang on; zero for never
	opened  atomic.Int64 // when its text was last opened, in Unix nanoseconds; keys may have gone since
	own     identity.Memo
}

// cost is about what an entry takes, in bytes, with what is written of it.
func (e *entry) cost() int { return 4<<10 + len(e.token.Roles)<<9 }

// refusalCost is about what a refused token takes, in bytes.
const refusalCost = 1 << 10

// reopenAfter is how long a remembered token counts without a look at the keys. A key that is taken away ends its tokens.
const reopenAfter = time.Second

// Own returns what write makes of the token without its catalog. Of a token that is remembered it is made once.
func (i *Issued) Own(write func(*Issued) ([]byte, error)) ([]byte, error) {
	if i.remembered == nil {
		return write(i)
	}
	return i.remembered.own.Written(func() ([]byte, error) { return write(i) })
}
