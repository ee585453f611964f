package fold_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"firebreak/internal/detect/fold"
	"firebreak/internal/telemetry/logline"
)

var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// play adds the lines of one stream, a millisecond apart, and returns the heads
// and the traces.
func play(f *fold.Folder, lines ...string) (heads []string, traces []fold.Trace) {
	at := start
	for _, raw := range lines {
		l := logline.Parse(raw)
		v := f.Add(fold.Line{Stream: "s", Text: l.Message, Trace: l.Trace, Level: l.Level, At: at})
		traces = append(traces, v.Done...)
		if v.Head {
			heads = append(heads, v.Text)
			f.Note(uint64(len(heads)))
		}
		at = at.Add(time.Millisecond)
	}
	return heads, append(traces, f.Flush()...)
}

type sample struct {
	text       string
	heads      int
	language   fold.Language
	exceptions []string
	top        string
}

var samples = map[string]sample{
	"Java": {
		`2026-03-04 05:06:07,123 ERROR [http-3] com.shop.Cart - Checkout failed
java.lang.IllegalStateException: cart 12 is closed
	at com.shop.Cart.add(Cart.java:41)
	at com.shop.Cart$$Lambda$14/0x00000008000c4840.apply(Unknown Source)
	at java.base/java.util.Optional.map(Optional.java:260)
	at java.base@17.0.2/java.lang.Thread.run(Thread.java:840)
	Suppressed: java.io.IOException: close
		at com.shop.Db.close(Db.java:9)
		... 3 more
Caused by: java.sql.SQLTimeoutException: no connection in 30000 ms
	at com.shop.Db.open(Db.java:77) ~[shop-1.2.jar:1.2]
	... 12 common frames omitted
2026-03-04 05:06:08,123 INFO [http-3] com.shop.Cart - next`, 2, fold.Java,
		[]string{"java.lang.IllegalStateException", "java.io.IOException", "java.sql.SQLTimeoutException"},
		"com.shop.Cart.add",
	},
	"Java uncaught": {`Exception in thread "main" java.lang.NullPointerException: Cannot invoke "String.length()"
	at com.shop.Main.main(Main.java:3)`, 1, fold.Java, []string{"java.lang.NullPointerException"}, "com.shop.Main.main"},
	"Python": {`2026-03-04 05:06:07,123 ERROR shop.cart checkout failed
Traceback (most recent call last):
  File "/srv/app/shop/cart.py", line 41, in add
    self.db.put(item)
    ^^^^^^^^^^^^^^^^^
  File "/srv/app/shop/db.py", line 7, in put
    raise KeyError(item)
KeyError: 'apple'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/app/shop/main.py", line 3, in <module>
    main()
shop.errors.CartError: no
2026-03-04 05:06:08,123 INFO shop next`, 2, fold.Python, []string{"shop.errors.CartError", "KeyError"}, "<module> (shop/main.py)"},
	"Python uncaught": {`Traceback (most recent call last):
  File "main.py", line 1, in <module>
ZeroDivisionError: division by zero
all good again`, 2, fold.Python, []string{"ZeroDivisionError"}, "<module> (main.py)"},
	"Go": {`panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.(*Cart).Add(0xc000012345, {0x1, 0x2})
	/app/cart.go:41 +0x1d
main.main.func1()
	/app/main.go:12 +0x8b
created by main.main in goroutine 1
	/app/main.go:10 +0x25

goroutine 7 [select]:
net/http.(*Server).Serve(0x1)
	/usr/local/go/src/net/http/server.go:3
exit status 2
2026/03/04 05:06:08 restarted`, 2, fold.Go, []string{"runtime error"}, "main.(*Cart).Add"},
	"Go segmentation fault": {`panic: runtime error: invalid memory address or nil pointer dereference [recovered]
	panic: again
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x45d5e9]

goroutine 18 [running]:
github.com/shop/cart.Load(...)
	/build/cart/load.go:9`, 1, fold.Go, []string{"runtime error", "panic"}, "github.com/shop/cart.Load"},
	"Node": {`/app/dist/cart.js:41
    throw new CartError("closed")
    ^

CartError: closed
    at Cart.add (/app/dist/cart.js:41:11)
    at async Promise.all (index 0)
    at async /app/dist/main.js:3:5
    at Object.<anonymous> (/app/dist/main.js:9:1)
    at node:internal/main/run_main_module:23:47 {
  code: 'E_CLOSED',
  [cause]: Error: x
      at y (/app/dist/y.js:1:1)
}

Node.js v20.1.0
listening on 80`, 2, fold.JavaScript, []string{"CartError", "Error"}, "Cart.add (dist/cart.js)"},
	"JavaScript": {`TypeError: Cannot read properties of undefined (reading 'id')
    at handler (webpack:///./src/cart.js?1a2b:3:9)
    at new Cart (https://shop.example/main.3f2a9c1b.js:1:200)`, 1, fold.JavaScript, []string{"TypeError"}, "handler (src/cart.js)"},
	".NET": {`Unhandled exception. System.InvalidOperationException: Cart is closed
 ---> System.Data.SqlException (0x80131904): Timeout
   at Shop.Db.Open(String name, Int32 seconds) in /src/Shop/Db.cs:line 41
   --- End of inner exception stack trace ---
   at Shop.Cart.<>c__DisplayClass3_0.<Add>b__1()
--- End of stack trace from previous location ---
   at Shop.Program.<Main>d__0.MoveNext()`, 1, fold.DotNet, []string{"System.InvalidOperationException", "System.Data.SqlException"}, "Shop.Db.Open"},
	"Ruby": {`app/cart.rb:41:in 'Cart#add': closed (Cart::ClosedError)
	from app/main.rb:3:in 'block (2 levels) in <main>'
	from app/main.rb:9:in '<main>'`, 1, fold.Ruby, []string{"Cart::ClosedError"}, "block (2 levels) in <main> (app/main.rb)"},
	"Ruby logged": {
		"E, [2026-03-04T05:06:07.000000 #12] ERROR -- : closed (RuntimeError)\napp/cart.rb:41:in `add'\napp/main.rb:3:in `<main>'", 1,
		fold.Ruby,
		[]string{"RuntimeError"},
		"add (app/cart.rb)",
	},
	"PHP": {`PHP Fatal error:  Uncaught App\CartError: closed in /srv/www/src/Cart.php:41
Stack trace:
#0 /srv/www/src/Main.php(12): App\Cart->add('hunter2', Array)
#1 [internal function]: App\Main::{closure}(Object(App\Cart))
#2 {main}

Next RuntimeException: again in /srv/www/src/Main.php:3
Stack trace:
#0 {main}
  thrown in /srv/www/src/Cart.php on line 41`, 1, fold.PHP, []string{`App\CartError`, "RuntimeException"}, `App\Cart->add (src/Main.php)`},
	"Python group": {`2026-03-04 05:06:07,123 ERROR shop.cart checkout failed
  + Exception Group Traceback (most recent call last):
  |   File "/srv/app/shop/main.py", line 3, in main
  |     raise ExceptionGroup("two", errors)
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/shop/cart.py", line 41, in add
    | KeyError: 'apple'
    +------------------------------------
2026-03-04 05:06:08,123 INFO shop next`, 2, fold.Python, []string{"KeyError", "ExceptionGroup"}, "add (shop/cart.py)"},
	"Go served": {`2026/03/04 05:06:07 http: panic serving 10.0.0.1:5000: no cart
goroutine 7 [running]:
net/http.(*conn).serve.func1()
	/usr/local/go/src/net/http/server.go:1947 +0xbe
panic({0x676360?, 0xc000012345?})
	/usr/local/go/src/runtime/panic.go:785 +0x132
main.(*Cart).ServeHTTP(0xc000012345, {0x1, 0x2}, 0xc0001)
	/app/cart.go:41 +0x1d
2026/03/04 05:06:08 next`, 2, fold.Go, []string{"panic"}, "net/http.(*conn).serve.func"},
	"PHP xdebug": {`PHP Fatal error:  Uncaught TypeError: no cart in /srv/www/src/Cart.php:41
PHP Stack trace:
PHP   1. {main}() /srv/www/src/index.php:0
PHP   2. App\Cart->add($item = 5) /srv/www/src/index.php:12`, 1, fold.PHP, []string{"TypeError"}, "{main} (src/index.php)"},
	"Rust": {`thread 'main' panicked at src/main.rs:4:5:
called Option::unwrap() on a None value
stack backtrace:
   0: rust_begin_unwind
             at /rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/std/src/panicking.rs:665:5
   1: core::panicking::panic_fmt
   2: shop::cart::add::h0123456789abcdef
             at ./src/cart.rs:41:9
note: Some details are omitted, run with RUST_BACKTRACE=full for a verbose backtrace.
ready`, 2, fold.Rust, []string{"panic"}, "rust_begin_unwind"},
}

func TestTracesOfEveryLanguage(t *testing.T) {
	t.Parallel()
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var f fold.Folder
			heads, traces := play(&f, strings.Split(sample.text, "\n")...)
			require.Len(t, heads, sample.heads, heads)
			require.Len(t, traces, 1)
			got := traces[0]
			require.Equal(t, sample.language, got.Language)
			require.Equal(t, sample.exceptions, got.Exceptions)
			require.Equal(t, sample.top, got.Frames[0])
			require.LessOrEqual(t, len(got.Frames), fold.TopFrames)
			require.Equal(t, uint64(1), got.Note)
			require.False(t, got.Headless)
			require.Equal(t, start, got.At)
		})
	}
}

func TestATraceInOneMessageIsTheSame(t *testing.T) {
	t.Parallel()
	for name, sample := range samples {
		for _, separator := range []string{"\n", "\r\n", "\r"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				lines := strings.Split(sample.text, "\n")
				if sample.heads > 1 {
					lines = lines[:len(lines)-1]
				}
				var f, g fold.Folder
				_, apart := play(&f, lines...)
				heads, whole := play(&g, strings.Join(lines, separator))
				require.Len(t, heads, 1)
				require.Len(t, whole, 1)
				require.Equal(t, apart[0].Fingerprint, whole[0].Fingerprint, "%+v\n%+v", apart[0], whole[0])
				require.Equal(t, apart[0].Exceptions, whole[0].Exceptions)
			})
		}
	}
}
