package vault

import (
	"strconv"
	"strings"
	"time"
)

// Period is a length of time of the calendar, as ISO 8601 writes it: "P90D", "P18M", "P2Y", "P1Y6M". The service counts
// in whole days. "" is no period.
type Period string

// maxPeriod bounds each number of a period.
const maxPeriod = 10_000

// parts reads years, months and days; weeks count as seven days. It is false for what is no period, and for the
// empty period P0D.
func (p Period) parts() (years, months, days int, ok bool) {
	rest, found := strings.CutPrefix(strings.ToUpper(string(p)), "P")
	if !found || rest == "" {
		return 0, 0, 0, false
	}
	units := "YMWD"
	for rest != "" {
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		if digits == 0 || digits == len(rest) {
			return 0, 0, 0, false
		}
		n, err := strconv.Atoi(rest[:digits])
		unit := strings.IndexByte(units, rest[digits])
		if err != nil || n > maxPeriod || unit < 0 {
			return 0, 0, 0, false
		}
		switch rest[digits] {
		case 'Y':
			years = n
		case 'M':
			months = n
		case 'W':
			days += 7 * n
		case 'D':
			days += n
		}
		units, rest = units[unit+1:], rest[digits+1:] // each unit once, in this order
	}
	return years, months, days, years+months+days > 0
}

// after returns the time a period after t.
func (p Period) after(t time.Time) time.Time {
	y, m, d, _ := p.parts()
	return t.AddDate(y, m, d)
}

// days is the length of the period, with months of 30 and years of 365 days.
func (p Period) days() int {
	y, m, d, _ := p.parts()
	return y*365 + m*30 + d
}
