package limiter_test

import (
	"fmt"
	"time"

	"github.com/embedvault/embedvault/limiter"
)

func Example() {
	sub := limiter.NewSubscription(limiter.Documented2019())
	v := sub.NewVault()
	now := time.Date(2019, 7, 1, 12, 0, 0, 0, time.UTC)

	for range 6 {
		d := v.Take(limiter.HSMKeyCreate, 1, now)
		fmt.Println(d)
		now = now.Add(time.Second)
	}
	// Output:
	// HSMKeyCreate allowed: 1 of 5 units of the vault used
	// HSMKeyCreate allowed: 2 of 5 units of the vault used
	// HSMKeyCreate allowed: 3 of 5 units of the vault used
	// HSMKeyCreate allowed: 4 of 5 units of the vault used
	// HSMKeyCreate allowed: 5 of 5 units of the vault used
	// HSMKeyCreate refused: 5 of 5 units of the vault used, retry after 5s
}

// The size of a key decides what its use costs. 248 uses of a 4096-bit key and
// 16 of a 2048-bit key are all that the limits of 2021 allow.
func ExampleLimits_Units() {
	limits := limiter.Documented2021()
	v := limiter.NewSubscription(limits).NewVault()
	now := time.Date(2021, 7, 1, 12, 0, 0, 0, time.UTC)
	class := limiter.KeyUse.HSM()

	for range 248 {
		v.Take(class, limits.Units(class, limiter.RSASize(4096)), now)
	}
	for range 16 {
		v.Take(class, limits.Units(class, limiter.RSASize(2048)), now)
	}
	fmt.Println(v.Usage(now)[class])
	fmt.Println(v.Take(class, limits.Units(class, limiter.OtherKey), now).Allowed)
	// Output:
	// {2000 2000}
	// false
}

// A sixth vault is refused what five others have used up.
func ExampleSubscription() {
	sub := limiter.NewSubscription(limiter.Documented2019())
	now := time.Date(2019, 7, 1, 12, 0, 0, 0, time.UTC)
	for range 5 {
		v := sub.NewVault()
		for range 10 {
			v.Take(limiter.KeyCreate, 1, now)
		}
	}
	sixth := sub.NewVault()
	fmt.Println(sixth.Take(limiter.KeyCreate, 1, now.Add(time.Second)))
	fmt.Println("the sixth vault:", sixth.Usage(now)[limiter.KeyCreate])
	fmt.Println("the subscription:", sub.Usage(now)[limiter.KeyCreate])
	// Output:
	// KeyCreate refused: 50 of 50 units of the subscription used, retry after 9s
	// the sixth vault: {0 10}
	// the subscription: {50 50}
}

// How many pods may read ten secrets each from one vault, all at once after a
// deployment, and when does the last of a thousand have its secrets if all
// that are refused wait as long as they are told?
func Example_whatIf() {
	v := limiter.NewSubscription(limiter.Documented2021()).NewVault()
	start := time.Date(2021, 7, 1, 12, 0, 0, 0, time.UTC)

	served, atOnce, now := 0, 0, start
	for served < 1000*10 {
		d := v.Take(limiter.SecretUse, 1, now)
		if d.Allowed {
			served++
			continue
		}
		if atOnce == 0 {
			atOnce = served / 10
		}
		now = now.Add(d.RetryAfter)
	}
	fmt.Println(atOnce, "pods start at once, the last after", now.Sub(start))
	// Output:
	// 400 pods start at once, the last after 20s
}

// Limits are values; a test may want smaller ones.
func ExampleLimits() {
	small := limiter.Documented2019()
	small.Name = "small"
	small.Window = time.Second
	small.Max[limiter.SecretUse] = 2

	v := limiter.NewSubscription(small).NewVault()
	now := time.Date(2019, 7, 1, 12, 0, 0, 0, time.UTC)
	for range 3 {
		fmt.Println(v.Take(limiter.SecretCreate, 1, now))
	}
	// Output:
	// SecretUse allowed: 1 of 2 units of the vault used
	// SecretUse allowed: 2 of 2 units of the vault used
	// SecretUse refused: 2 of 2 units of the vault used, retry after 1s
}
