// Package limiter decides, from the time alone, whether one more request fits
// into the limits of a key vault.
//
// # The model
//
// A vault may do so much of each kind of work in any 10 seconds. Every request
// has a [Class], which names the limit it falls under, and a cost in units. A
// request whose units fit is counted and passes; any other is refused (status
// 429), and what is refused does not count, so whoever keeps asking does not
// keep himself out.
//
// [Limits] holds the numbers of one published generation ([Documented2015],
// [Documented2019], [Documented2021], [Documented2025]), of none ([Unlimited])
// or your own. A [Subscription] is made from them, and makes the vaults:
//
//	sub := limiter.NewSubscription(limiter.Documented2019())
//	v := sub.NewVault()
//	d := v.Take(limiter.SecretUse, 1, time.Now())
//
// The answer is a [Decision]: whether the request passes and, if not, whose
// limit stood against it, how full that is and when there will be room.
// [Vault.Usage] and [Subscription.Usage] show the same without asking for
// anything. Nothing here knows of requests, errors or the wire.
//
// # Units
//
// Long RSA keys are dearer to use, and a limit is shared by keys of all sizes,
// so the price of a size is how many keys of 2048 bits it displaces. In the
// limits of 2019 a vault could use HSM keys of 2048 bits 1000 times, of 3072
// bits 250 times or of 4096 bits 125 times in 10 seconds. Hence
//
//	RSA-2048, EC, AES   1000/1000 = 1 unit
//	RSA-3072            1000/250  = 4 units
//	RSA-4096            1000/125  = 8 units
//
// and the limit is 1000 units, in any mixture: 124 uses of a 4096-bit key and
// 8 of a 2048-bit key are 124×8 + 8×1 = 1000 units and fit exactly; in the
// doubled limits of 2021, 248×8 + 16×1 = 2000. Creating a key costs 1 whatever
// its size. [Limits.Units] does this sum.
//
// # Windows
//
// The window slides: a unit used at time t counts from t until just before
// t + 10 s, and at every moment no more than the limit may count. The two
// halves of that are tested as such. Never are more units than the limit used
// in any span of 10 seconds, wherever it begins: 1999 requests just before
// the end of a 10-second interval leave room for one just after it, where a
// counter that starts afresh would let 2000 pass, 3999 in a moment. And never
// is a request refused unless the 10 seconds before it are so full: a burst of
// 2000 every 10 seconds passes whole, for ever, where a token bucket small
// enough never to exceed the limit would pass half.
//
// To be exact the limiter remembers when each unit was used, in 4 bytes an
// entry: at most 8 KB for a full limit of 2000. What is not used costs
// nothing.
//
// # The subscription
//
// All vaults of a subscription in one region together have five times the
// limit of one vault. Five vaults that have used up their own limits have used
// that up, too; a sixth that has asked for nothing yet is then refused, its
// [Decision] with [ScopeSubscription]. Vault and subscription are taken
// together or not at all: a request that one of them refuses costs neither.
//
// Five vaults or fewer cannot exceed five times the limit of one. As long as
// no more are in use the subscription therefore keeps no account of its own;
// its windows are built from those of the vaults when a sixth is used, and
// dropped when five or fewer have been used for a whole window. A deleted
// vault ([Vault.Close]) counts until its use has aged out, so deleting and
// creating vaults is no way around the limit.
//
// # Time
//
// The limiter reads no clock: every call is given the time, real or not. Time
// counts in microseconds of the wall clock. It does not run backwards within a
// subscription: a request given an earlier time than one before it is decided
// for the later, which Decision.At tells. So goroutines may read the clock,
// and then meet in whatever order. A clock that is set forward by mistake and
// back again stands still meanwhile: the windows do not move until it has
// caught up.
package limiter
