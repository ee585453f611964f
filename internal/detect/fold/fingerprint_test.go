package fold_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect/fold"
)

func fingerprint(t *testing.T, text string) fold.Fingerprint {
	t.Helper()
	var f fold.Folder
	_, traces := play(&f, strings.Split(text, "\n")...)
	require.Len(t, traces, 1, text)
	require.NotZero(t, traces[0].Fingerprint)
	return traces[0].Fingerprint
}

// The same error from another build, process or host.
func TestTheSameErrorHasOneFingerprint(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]string{
		"Java": {
			"2026-01-02 12:00:00 ERROR [a] c.s.Cart - order 5 failed\njava.lang.IllegalStateException: order 5\n\tat com.shop.Cart.add(Cart.java:41)\n\tat com.shop.Cart.lambda$add$3(Cart.java:44)\n\tat com.shop.Cart$$Lambda$14/0x00000008000c4840.apply(Unknown Source)\n\tat com.shop.Cart$1.run(Cart.java:9)\n\tat com.shop.Cart$$EnhancerBySpringCGLIB$$1a2b3c4d.add(<generated>)\n\tat jdk.proxy2/$Proxy12.add(Unknown Source)\n\tat java.base@17.0.2/jdk.internal.reflect.GeneratedMethodAccessor45.invoke(Unknown Source)\n\tat java.base@17.0.2/java.lang.Thread.run(Thread.java:840) ~[?:?]\n\t... 12 more",
			"2026-01-03 11:00:00 ERROR [b] c.s.Cart - order 99 failed\njava.lang.IllegalStateException: order 99, again\n\tat com.shop.Cart.add(Cart.java:43)\n\tat com.shop.Cart.lambda$add$4(Cart.java:46)\n\tat com.shop.Cart$$Lambda/0x0000000800ffffff.apply(Unknown Source)\n\tat com.shop.Cart$2.run(Cart.java:11)\n\tat com.shop.Cart$$EnhancerBySpringCGLIB$$99ff88ee.add(<generated>)\n\tat jdk.proxy2/$Proxy7.add(Unknown Source)\n\tat java.base@17.0.9/jdk.internal.reflect.GeneratedMethodAccessor7.invoke(Unknown Source)\n\tat java.base@17.0.9/java.lang.Thread.run(Thread.java:842) [app.jar:2]\n\t... 14 more",
		},
		"Java recursion": {
			"Exception in thread \"main\" java.lang.StackOverflowError\n" + strings.Repeat("\tat a.B.walk(B.java:1)\n\tat a.B.step(B.java:2)\n", 20) + "\tat a.B.main(B.java:3)",
			"Exception in thread \"t-2\" java.lang.StackOverflowError\n" + strings.Repeat("\tat a.B.walk(B.java:1)\n\tat a.B.step(B.java:2)\n", 33) + "\tat a.B.main(B.java:3)",
		},
		"Python": {
			"Traceback (most recent call last):\n  File \"/srv/a1/shop/cart.py\", line 41, in add\n    self.db.put(item)\nKeyError: 'a'",
			"Traceback (most recent call last):\n  File \"/opt/b2/shop/cart.py\", line 45, in add\n    self.db.put(item, 5)\n    ^^^^^^^^^^\nKeyError: 'b'",
		},
		"Go": {
			"panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.(*Cart).Add(0xc000012345, {0x1, 0x2})\n\t/app/cart.go:41 +0x1d\nmain.main.func1.2()\n\t/app/main.go:12 +0x8b\ncreated by main.main in goroutine 1\n\t/app/main.go:10 +0x25",
			"panic: runtime error: index out of range [7] with length 4\n\ngoroutine 977 [running]:\nmain.(*Cart).Add(0xc000099999, {0x7, 0x8})\n\t/build/x/cart.go:43 +0x2d\nmain.main.func2()\n\t/build/x/main.go:13 +0x8c\ncreated by main.main in goroutine 5\n\t/build/x/main.go:11 +0x26\n\ngoroutine 5 [select]:\nmain.other()\n\t/x.go:1 +0x1",
		},
		"JavaScript": {
			"TypeError: x of 5\n    at Cart.add (/app/a/dist/cart.3f2a9c1b.js:41:11)\n    at async /app/a/dist/main.js:3:5\n    at node:internal/main/run_main_module:23:47",
			"TypeError: x of 6\n    at Cart.add (/app/b/dist/cart.99ff88aa.js:1:9111)\n    at async /app/b/dist/main.js:4:5\n    at node:internal/main/run_main_module:28:49",
		},
		".NET": {
			"Unhandled exception. System.InvalidOperationException: Cart 5\n   at Shop.Cart.<>c__DisplayClass3_0.<Add>b__1(String a) in /src/a/Cart.cs:line 41\n   at Shop.Program.<Main>d__0.MoveNext()",
			"Unhandled exception. System.InvalidOperationException: Cart 6\n   at Shop.Cart.<>c__DisplayClass4_1.<Add>b__2(String a) in C:\\b\\Cart.cs:line 44\n   at Shop.Program.<Main>d__3.MoveNext()",
		},
		"Ruby": {
			"app/cart.rb:41:in 'add': order 5 (RuntimeError)\n\tfrom app/main.rb:3:in 'block (2 levels) in run'",
			"app/cart.rb:42:in 'add': order 6 (RuntimeError)\n\tfrom /srv/x/app/main.rb:4:in 'block (2 levels) in run'",
		},
		"PHP": {
			"PHP Fatal error:  Uncaught App\\E: order 5 in /a/Cart.php:41\nStack trace:\n#0 /a/src/Main.php(12): App\\Cart->add('hunter2', Array)\n#1 {main}\n  thrown in /a/Cart.php on line 41",
			"PHP Fatal error:  Uncaught App\\E: order 6 in /b/Cart.php:43\nStack trace:\n#0 /b/src/Main.php(14): App\\Cart->add('other', Object(X))\n#1 {main}\n  thrown in /b/Cart.php on line 43",
		},
		"Rust": {
			"thread 'main' panicked at src/main.rs:4:5:\norder 5\nstack backtrace:\n   0: std::panicking::begin_panic\n   1: shop::cart::add::h0123456789abcdef\n             at ./src/cart.rs:41:9",
			"thread 'worker-3' panicked at src/main.rs:7:5:\norder 6\nstack backtrace:\n   0:     0x55d0c0ffee00 - std::panicking::begin_panic\n   1:     0x55d0c0ffee11 - shop::cart::add::hfedcba9876543210\n             at ./src/cart.rs:43:9",
		},
		"other words in the head": {
			"2026-01-02 12:00:00 ERROR it broke\njava.lang.Error: x\n\tat a.B.c(B.java:1)",
			"2026-01-02 12:00:00 ERROR FooError while doing 5\njava.lang.Error: x\n\tat a.B.c(B.java:1)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, fingerprint(t, pair[0]), fingerprint(t, pair[1]))
		})
	}
}

// Another way through the code, or another type.
func TestDifferentErrorsHaveDifferentFingerprints(t *testing.T) {
	t.Parallel()
	const java = "2026-01-02 12:00:00 ERROR x\na.AException: y\n\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)\n\tat a.B.e(B.java:3)"
	seen := map[fold.Fingerprint]string{}
	for _, text := range []string{
		java,
		strings.Replace(java, "AException", "BException", 1),
		strings.Replace(java, "a.B.d", "a.B.f", 1),
		strings.Replace(java, "a.B.d", "a.B.d2", 1),
		strings.Replace(java, "a.B.d", "a.B.d3", 1),
		strings.Replace(java, "a.B.e", "a.C.e", 1),
		strings.Replace(java, "\tat a.B.d(B.java:2)\n", "", 1),
		"2026-01-02 12:00:00 ERROR x\na.AException: y\n\tat a.B.d(B.java:2)\n\tat a.B.c(B.java:1)\n\tat a.B.e(B.java:3)",
		java + "\nCaused by: a.CException: z\n\tat a.B.g(B.java:3)",
		java + "\nCaused by: a.DException: z\n\tat a.B.g(B.java:3)",
		java + "\nCaused by: a.DException: z\n\tat a.B.h(B.java:3)",
		"Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 1",
		"Traceback (most recent call last):\n  File \"a.py\", line 1, in g\nKeyError: 1",
		"Traceback (most recent call last):\n  File \"b.py\", line 1, in f\nKeyError: 1",
		"Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nIndexError: 1",
		"panic: a\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:1 +0x1",
		"panic: a\n\ngoroutine 1 [running]:\nmain.g(0x1)\n\t/a.go:1 +0x1",
		"panic: runtime error: a\n\ngoroutine 1 [running]:\nmain.g(0x1)\n\t/a.go:1 +0x1",
		"Error: x\n    at f (/a/b.js:1:2)",
		"Error: x\n    at f (/a/c.js:1:2)",
		"Error: x\n    at g (/a/b.js:1:2)",
	} {
		p := fingerprint(t, text)
		require.Empty(t, seen[p], text)
		seen[p] = text
		require.Len(t, p.String(), 16)
	}
}

// What was fingerprinted yesterday is known today.
func TestFingerprintsStay(t *testing.T) {
	t.Parallel()
	require.Equal(t, "6c88ffd423dfadf8", fingerprint(t, samples["Java"].text).String())
}
