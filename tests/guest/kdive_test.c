// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Known objects for exact assertions. Nothing here changes after the module is
 * loaded, except `kdive_test_counter` and what `kdive_test_run` touches.
 *
 * Everything public is called kdive_test_*. Contents are chosen so that a wrong
 * offset, sign, width or byte order gives another answer: no zeros where a
 * number is expected, no two members alike.
 */
#include <linux/delay.h>
#include <linux/hashtable.h>
#include <linux/idr.h>
#include <linux/init.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/maple_tree.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rbtree.h>
#include <linux/rculist.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

/* ---- scalars ------------------------------------------------------------- */

signed char kdive_test_schar = -5;
unsigned char kdive_test_uchar = 200;
char kdive_test_char = 'k';
short kdive_test_short = -12345;
unsigned short kdive_test_ushort = 54321;
int kdive_test_int = -123456789;
unsigned int kdive_test_uint = 3000000000u;
long kdive_test_long = -1234567890123456789L;
unsigned long kdive_test_ulong = 0xfedcba9876543210UL;
long long kdive_test_llong = -77;
unsigned long long kdive_test_ullong = 18446744073709551557ULL;
__int128 kdive_test_int128 = ((__int128)0x0123456789abcdefLL << 64) | 0x1122334455667788LL;
bool kdive_test_true = true;
bool kdive_test_false;
const volatile int kdive_test_const_volatile = 42;
int *kdive_test_int_ptr = &kdive_test_int;
int **kdive_test_int_ptr_ptr = &kdive_test_int_ptr;
void *kdive_test_void_ptr = &kdive_test_uint;
char *kdive_test_bad_string = (char *)0xdead000000000100UL;

/* ---- arrays and strings -------------------------------------------------- */

int kdive_test_array[5] = { 10, -20, 30, -40, 50 };
short kdive_test_matrix[3][4] = {
	{ 11, 12, 13, 14 }, { 21, 22, 23, 24 }, { 31, 32, 33, 34 },
};
int kdive_test_repeats[40] = { 1, 2, [2 ... 30] = 7, 8, [32 ... 39] = 9 };
char kdive_test_text[16] = "kdive\ttest";
char kdive_test_unterminated[4] = { 'a', 'b', 'c', 'd' };
char kdive_test_embedded[12] = "ab\0cd\n\"\\";
unsigned char kdive_test_bytes[8] = { 0x00, 0x7f, 0x80, 0xff, 'A', '\'', 27, 9 };
const char *kdive_test_string = "a string constant";
const char *kdive_test_strings[3] = { "one", "two", NULL };

/* ---- enums --------------------------------------------------------------- */

enum kdive_test_color { KDIVE_RED, KDIVE_GREEN = 5, KDIVE_BLUE, KDIVE_DARK = -1 };
enum kdive_test_flags {
	KDIVE_READ = 1,
	KDIVE_WRITE = 2,
	KDIVE_EXEC = 4,
	KDIVE_HIGH = 0x100,
};

enum kdive_test_color kdive_test_blue = KDIVE_BLUE;
enum kdive_test_color kdive_test_dark = KDIVE_DARK;
enum kdive_test_color kdive_test_no_color = (enum kdive_test_color)77;
enum kdive_test_flags kdive_test_rw = KDIVE_READ | KDIVE_WRITE;
enum kdive_test_flags kdive_test_strange = KDIVE_EXEC | 0x20;
enum kdive_test_flags kdive_test_no_flags;

/* ---- structs, bit-fields, unions ----------------------------------------- */

struct kdive_test_bits {
	unsigned int one : 1;
	unsigned int three : 3;
	int negative : 5;
	unsigned int : 0;
	unsigned int wide : 31;
	unsigned long long across : 40;
	bool yes : 1;
	enum kdive_test_color color : 4;
};

struct kdive_test_bits kdive_test_bits = {
	.one = 1, .three = 5, .negative = -9, .wide = 0x7abcdef1,
	.across = 0xfedcba9876ULL, .yes = true, .color = KDIVE_BLUE,
};

union kdive_test_union {
	u64 whole;
	u32 halves[2];
	struct {
		u16 low;
		u16 middle;
		u32 high;
	};
	u8 bytes[8];
};

union kdive_test_union kdive_test_union = { .whole = 0x1122334455667788ULL };

/* Holes, padding, anonymous members inside anonymous members. */
struct kdive_test_nested {
	char tag;
	int number;
	union {
		struct {
			short x;
			short y;
		};
		int both;
	};
	struct {
		char inner_tag;
		long inner_long;
		struct {
			u8 deep;
		} deeper;
	} named;
	u16 tail;
};

struct kdive_test_nested kdive_test_nested = {
	.tag = 'N', .number = 1001, .x = 0x1234, .y = 0x5678,
	.named = { .inner_tag = 'I', .inner_long = -2002, .deeper = { .deep = 0xdd } },
	.tail = 3003,
};

struct __packed kdive_test_packed {
	u8 a;
	u32 b;
	u16 c;
};

struct kdive_test_packed kdive_test_packed = { 0xa1, 0xb2b3b4b5, 0xc6c7 };

struct kdive_test_flex {
	u32 count;
	u16 kind;
	u16 values[];
};

/* Allocated when the module is loaded: count = 6, values[i] = 100 + i * i. */
struct kdive_test_flex *kdive_test_flex;

struct kdive_test_point {
	long x;
	long y;
};

struct kdive_test_shape {
	const char *name;
	enum kdive_test_color color;
	int npoints;
	struct kdive_test_point points[3];
	struct kdive_test_shape *next;
};

static struct kdive_test_shape kdive_test_line = {
	.name = "line", .color = KDIVE_RED, .npoints = 2, .points = { { 1, 2 }, { -3, -4 } },
};

struct kdive_test_shape kdive_test_triangle = {
	.name = "triangle", .color = KDIVE_GREEN, .npoints = 3,
	.points = { { 10, 20 }, { 30, 40 }, { 50, 60 } }, .next = &kdive_test_line,
};

/* ---- functions and pointers to them -------------------------------------- */

static noinline int kdive_test_add(int a, int b)
{
	return a + b;
}

static noinline int kdive_test_sub(int a, int b)
{
	return a - b;
}

typedef int (*kdive_test_op_fn)(int a, int b);

struct kdive_test_ops {
	const char *name;
	kdive_test_op_fn add;
	int (*sub)(int a, int b);
	void (*none)(void);
};

struct kdive_test_ops kdive_test_ops = {
	.name = "ops", .add = kdive_test_add, .sub = kdive_test_sub,
};
kdive_test_op_fn kdive_test_op = kdive_test_sub;
kdive_test_op_fn kdive_test_op_table[2] = { kdive_test_add, kdive_test_sub };

/* ---- per-CPU data -------------------------------------------------------- */

struct kdive_test_percpu {
	int cpu;
	long value;
};

/* On CPU n: { n, 1000 + n }. */
DEFINE_PER_CPU(struct kdive_test_percpu, kdive_test_percpu);
DEFINE_PER_CPU(int, kdive_test_percpu_int) = 77;
struct kdive_test_percpu __percpu *kdive_test_percpu_dynamic;

/* ---- lists and trees ----------------------------------------------------- */

struct kdive_test_item {
	int key;
	char name[8];
	struct list_head link;
	struct hlist_node hash;
	struct llist_node lnode;
	struct rb_node rb;
};

#define ITEM(n) { .key = (n), .name = "item" #n }
struct kdive_test_item kdive_test_items[9] = {
	ITEM(50), ITEM(20), ITEM(70), ITEM(10), ITEM(30), ITEM(60), ITEM(80), ITEM(25), ITEM(35),
};

LIST_HEAD(kdive_test_list);		/* keys 50 20 70 10 30 */
LIST_HEAD(kdive_test_empty_list);
HLIST_HEAD(kdive_test_hlist);		/* keys 70 20 50 */
HLIST_HEAD(kdive_test_empty_hlist);
DEFINE_HASHTABLE(kdive_test_table, 2);	/* bucket = key / 10 % 4 */
LLIST_HEAD(kdive_test_llist);		/* keys 10 70 20 50 */
struct rb_root kdive_test_rb = RB_ROOT;	/* all nine */
struct rb_root kdive_test_empty_rb = RB_ROOT;
struct rb_root_cached kdive_test_rb_cached = RB_ROOT_CACHED; /* the same, in its own nodes */
static struct kdive_test_item kdive_test_cached_items[3] = { ITEM(2), ITEM(1), ITEM(3) };

/* 0 -> items[0], 5 -> items[1], 7 -> the number 1234, 64 -> items[2], 100000 -> items[3]. */
DEFINE_XARRAY(kdive_test_xarray);
DEFINE_XARRAY(kdive_test_xarray_single); /* 0 -> items[4] */
DEFINE_XARRAY(kdive_test_xarray_empty);

DEFINE_IDR(kdive_test_idr);		/* 3 -> items[5], 4 -> items[6] */
DEFINE_MTREE(kdive_test_maple);		/* 10 to 19 -> items[7], 4096 -> items[8] */

/* Broken on purpose: the second node points back at itself, so that head is never met again. */
struct kdive_test_item kdive_test_cyclic_items[2] = { ITEM(1), ITEM(2) };
LIST_HEAD(kdive_test_cyclic_list);
/* Broken on purpose: the only node was deleted and poisoned, but the head still names it. */
struct kdive_test_item kdive_test_poisoned_item = ITEM(1);
struct list_head kdive_test_poisoned_list;

static void kdive_test_rb_insert(struct rb_root *root, struct kdive_test_item *item)
{
	struct rb_node **slot = &root->rb_node, *parent = NULL;

	while (*slot) {
		parent = *slot;
		if (item->key < rb_entry(parent, struct kdive_test_item, rb)->key)
			slot = &parent->rb_left;
		else
			slot = &parent->rb_right;
	}
	rb_link_node(&item->rb, parent, slot);
	rb_insert_color(&item->rb, root);
}

static bool kdive_test_item_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct kdive_test_item, rb)->key <
	       rb_entry(b, struct kdive_test_item, rb)->key;
}

static int kdive_test_publish(void)
{
	int i, cpu;

	for (i = 0; i < 5; i++)
		list_add_tail(&kdive_test_items[i].link, &kdive_test_list);
	for (i = 0; i < 3; i++)
		hlist_add_head(&kdive_test_items[i].hash, &kdive_test_hlist);
	for (i = 3; i < 9; i++)
		hlist_add_head(&kdive_test_items[i].hash,
			       &kdive_test_table[kdive_test_items[i].key / 10 % 4]);
	for (i = 0; i < 4; i++)
		llist_add(&kdive_test_items[i].lnode, &kdive_test_llist);
	for (i = 0; i < 9; i++)
		kdive_test_rb_insert(&kdive_test_rb, &kdive_test_items[i]);
	for (i = 0; i < 3; i++)
		rb_add_cached(&kdive_test_cached_items[i].rb, &kdive_test_rb_cached,
			      kdive_test_item_less);

	xa_store(&kdive_test_xarray, 0, &kdive_test_items[0], GFP_KERNEL);
	xa_store(&kdive_test_xarray, 5, &kdive_test_items[1], GFP_KERNEL);
	xa_store(&kdive_test_xarray, 7, xa_mk_value(1234), GFP_KERNEL);
	xa_store(&kdive_test_xarray, 64, &kdive_test_items[2], GFP_KERNEL);
	xa_store(&kdive_test_xarray, 100000, &kdive_test_items[3], GFP_KERNEL);
	xa_store(&kdive_test_xarray_single, 0, &kdive_test_items[4], GFP_KERNEL);

	if (idr_alloc(&kdive_test_idr, &kdive_test_items[5], 3, 4, GFP_KERNEL) != 3 ||
	    idr_alloc(&kdive_test_idr, &kdive_test_items[6], 3, 0, GFP_KERNEL) != 4 ||
	    mtree_store_range(&kdive_test_maple, 10, 19, &kdive_test_items[7], GFP_KERNEL) ||
	    mtree_store(&kdive_test_maple, 4096, &kdive_test_items[8], GFP_KERNEL))
		return -ENOMEM;

	list_add_tail(&kdive_test_cyclic_items[0].link, &kdive_test_cyclic_list);
	list_add_tail(&kdive_test_cyclic_items[1].link, &kdive_test_cyclic_list);
	kdive_test_cyclic_items[1].link.next = &kdive_test_cyclic_items[1].link;
	kdive_test_poisoned_list.next = &kdive_test_poisoned_item.link;
	kdive_test_poisoned_list.prev = &kdive_test_poisoned_item.link;
	kdive_test_poisoned_item.link.next = LIST_POISON1;
	kdive_test_poisoned_item.link.prev = LIST_POISON2;

	kdive_test_percpu_dynamic = alloc_percpu(struct kdive_test_percpu);
	kdive_test_flex = kzalloc(struct_size(kdive_test_flex, values, 6), GFP_KERNEL);
	if (!kdive_test_percpu_dynamic || !kdive_test_flex)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		per_cpu(kdive_test_percpu, cpu).cpu = cpu;
		per_cpu(kdive_test_percpu, cpu).value = 1000 + cpu;
		per_cpu_ptr(kdive_test_percpu_dynamic, cpu)->cpu = cpu;
		per_cpu_ptr(kdive_test_percpu_dynamic, cpu)->value = 2000 + cpu;
	}
	kdive_test_flex->count = 6;
	kdive_test_flex->kind = 4242;
	for (i = 0; i < 6; i++)
		kdive_test_flex->values[i] = 100 + i * i;
	return 0;
}

/* ---- code to step through ------------------------------------------------ */

/* Written by everything below: the memory to watch. */
volatile int kdive_test_counter;
volatile long kdive_test_sink;

/* Nine arguments: six in registers, three on the stack. */
noinline long kdive_test_many_args(int a, unsigned char b, short c, long d, const char *e,
				   struct kdive_test_point *f, int g, long h, unsigned int i)
{
	kdive_test_counter++;
	kdive_test_sink = a + b + c + d + e[0] + f->x + g + h + i;
	kdive_test_counter++;
	return kdive_test_sink;
}

/* Small structures travel in two registers, larger ones on the stack. */
noinline struct kdive_test_point kdive_test_small_struct(struct kdive_test_point p, long by)
{
	struct kdive_test_point moved = { p.x + by, p.y - by };

	kdive_test_counter++;
	return moved;
}

noinline struct kdive_test_shape kdive_test_big_struct(struct kdive_test_shape s, int n)
{
	kdive_test_counter += n;
	s.npoints = n;
	return s;
}

/* Three inlined calls around one that is not: four frames at one address. */
static noinline int kdive_test_leaf(int value)
{
	kdive_test_counter += value;
	return value * 3;
}

static __always_inline int kdive_test_inline_3(int z)
{
	int third = z + 3;

	return kdive_test_leaf(third) + third;
}

static __always_inline int kdive_test_inline_2(int y)
{
	int second = y * 2;

	return kdive_test_inline_3(second) + second;
}

static __always_inline int kdive_test_inline_1(int x)
{
	int first = x + 1;

	return kdive_test_inline_2(first) - first;
}

noinline int kdive_test_outer(int start)
{
	int result;

	kdive_test_counter++;
	result = kdive_test_inline_1(start);
	kdive_test_counter++;
	return result;
}

noinline int kdive_test_recurse(int depth)
{
	int below;

	kdive_test_counter++;
	if (depth == 0)
		return 1;
	below = kdive_test_recurse(depth - 1);
	kdive_test_counter++;
	return below + depth;
}

noinline int kdive_test_loop(int rounds)
{
	int i, sum = 0;

	for (i = 0; i < rounds; i++) {
		sum += i * i;
		kdive_test_counter = sum;
	}
	return sum;
}

/* `gone` is known to the compiler only; `moves` lives in several places in turn. */
noinline long kdive_test_optimized(long input)
{
	long gone = 5;
	long moves = input + gone;

	kdive_test_counter = moves;
	moves *= kdive_test_leaf(2);
	kdive_test_counter = moves;
	gone = moves - input;
	kdive_test_counter = 0;
	return moves;
}

/* The same name at four places: file, function, block, inner block. */
static int kdive_test_shadow = 1;

noinline int kdive_test_scopes(int n)
{
	static int calls = 40;
	int kdive_test_shadow_sum = kdive_test_shadow;

	calls++;
	{
		volatile int kdive_test_shadow = 2;

		kdive_test_shadow_sum += kdive_test_shadow + n;
		{
			volatile long kdive_test_shadow = 3;

			kdive_test_shadow_sum += kdive_test_shadow;
			kdive_test_counter = calls;
		}
		kdive_test_shadow_sum += kdive_test_shadow;
	}
	return kdive_test_shadow_sum;
}

noinline int kdive_test_other_scope(void)
{
	static int calls = 400;

	return ++calls;
}

noinline int kdive_test_call_op(kdive_test_op_fn op, int a, int b)
{
	int answer = op(a, b);

	kdive_test_counter = answer;
	return answer;
}

/* One round over everything above; `echo N > .../parameters/run` does it again. */
noinline long kdive_test_run(int n)
{
	struct kdive_test_point p = { n, -n };
	long sum = 0;

	sum += kdive_test_many_args(-1, 2, -3, 4, "five", &p, 7, 8, 9);
	p = kdive_test_small_struct(p, 100);
	sum += p.x + p.y;
	sum += kdive_test_big_struct(kdive_test_triangle, n).npoints;
	sum += kdive_test_outer(n);
	sum += kdive_test_recurse(4);
	sum += kdive_test_loop(5);
	sum += kdive_test_optimized(n);
	sum += kdive_test_scopes(n);
	sum += kdive_test_other_scope();
	sum += kdive_test_call_op(kdive_test_ops.add, n, 1);
	sum += kdive_test_call_op(kdive_test_ops.sub, n, 1);
	kdive_test_sink = sum;
	return sum;
}

static int kdive_test_set_run(const char *text, const struct kernel_param *param)
{
	int n, error = kstrtoint(text, 0, &n);

	if (error)
		return error;
	kdive_test_run(n);
	return 0;
}

static const struct kernel_param_ops kdive_test_run_ops = { .set = kdive_test_set_run };
module_param_cb(run, &kdive_test_run_ops, NULL, 0200);

/* ---- a kernel thread that sleeps at a known place ------------------------ */

DECLARE_WAIT_QUEUE_HEAD(kdive_test_wait);
struct task_struct *kdive_test_task;

static noinline int kdive_test_sleep(int reason)
{
	int error = wait_event_interruptible(kdive_test_wait, kthread_should_stop());

	kdive_test_counter += reason;
	return error;
}

static int kdive_test_thread(void *data)
{
	return kdive_test_sleep((int)(long)data);
}

/* ---- timers that never fire, a cache of its own ------------------------------ */

static void kdive_test_timer_fn(struct timer_list *unused)
{
	kdive_test_counter++;
}

static enum hrtimer_restart kdive_test_hrtimer_fn(struct hrtimer *unused)
{
	kdive_test_counter++;
	return HRTIMER_NORESTART;
}

DEFINE_TIMER(kdive_test_timer, kdive_test_timer_fn);	/* in about eleven days */
struct hrtimer kdive_test_hrtimer;	/* expires at 1234567890123456789 ns */

/* Objects of 200 bytes; a constructor keeps it from being merged with another. */
struct kmem_cache *kdive_test_cache;
void *kdive_test_objects[5];

static void kdive_test_construct(void *object)
{
	memset(object, 0x5a, 200);
}

/* ---- trouble on demand: `echo WORD > .../parameters/trouble` ------------------ */

static noinline void kdive_test_warn(void)
{
	WARN(1, "kdive_test: a warning\n");
}

/* What is locked while the kernel breaks: globals, a member of what a pointer leads to, a lock without an owner. */
struct kdive_test_guarded {
	int before;
	struct mutex mutex;
	spinlock_t spinlock;
	struct rw_semaphore semaphore;
	struct mutex idle;
};

DEFINE_MUTEX(kdive_test_mutex);
static DECLARE_RWSEM(kdive_test_rwsem);
static DEFINE_SPINLOCK(kdive_test_spinlock);
struct kdive_test_guarded *kdive_test_guarded;

static noinline void kdive_test_bug(void)
{
	struct kdive_test_guarded *guarded = kdive_test_guarded;

	mutex_lock(&kdive_test_mutex);
	down_write(&kdive_test_rwsem);
	mutex_lock(&guarded->mutex);
	down_read(&guarded->semaphore);
	spin_lock(&kdive_test_spinlock);
	spin_lock(&guarded->spinlock);
	kdive_test_counter += guarded->before;
	BUG();
}

/* Longer than a watchdog with a threshold of one second bears. */
static noinline void kdive_test_spin(void)
{
	preempt_disable();
	mdelay(4000);
	preempt_enable();
}

static noinline void kdive_test_hang(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(8 * HZ);
}

static int kdive_test_set_trouble(const char *text, const struct kernel_param *param)
{
	if (sysfs_streq(text, "warn"))
		kdive_test_warn();
	else if (sysfs_streq(text, "bug"))
		kdive_test_bug();
	else if (sysfs_streq(text, "spin"))
		kdive_test_spin();
	else if (sysfs_streq(text, "hang"))
		kdive_test_hang();
	else
		return -EINVAL;
	return 0;
}

static const struct kernel_param_ops kdive_test_trouble_ops = { .set = kdive_test_set_trouble };
module_param_cb(trouble, &kdive_test_trouble_ops, NULL, 0200);

/* -------------------------------------------------------------------------- */

static int kdive_test_publish_more(void)
{
	int i;

	kdive_test_guarded = kzalloc(sizeof(*kdive_test_guarded), GFP_KERNEL);
	if (!kdive_test_guarded)
		return -ENOMEM;
	mutex_init(&kdive_test_guarded->mutex);
	mutex_init(&kdive_test_guarded->idle);
	spin_lock_init(&kdive_test_guarded->spinlock);
	init_rwsem(&kdive_test_guarded->semaphore);
	kdive_test_cache = kmem_cache_create("kdive_test_cache", 200, 0, 0, kdive_test_construct);
	if (!kdive_test_cache)
		return -ENOMEM;
	for (i = 0; i < 5; i++)
		kdive_test_objects[i] = kmem_cache_alloc(kdive_test_cache, GFP_KERNEL);
	mod_timer(&kdive_test_timer, jiffies + 1000000UL * HZ);
	hrtimer_init(&kdive_test_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	kdive_test_hrtimer.function = kdive_test_hrtimer_fn;
	hrtimer_start(&kdive_test_hrtimer, ns_to_ktime(1234567890123456789LL), HRTIMER_MODE_ABS);
	return 0;
}

static void kdive_test_release(void)
{
	int i;

	if (kdive_test_cache) {
		hrtimer_cancel(&kdive_test_hrtimer);
		del_timer_sync(&kdive_test_timer);
		for (i = 0; i < 5; i++)
			if (kdive_test_objects[i])
				kmem_cache_free(kdive_test_cache, kdive_test_objects[i]);
		kmem_cache_destroy(kdive_test_cache);
	}
	xa_destroy(&kdive_test_xarray);
	xa_destroy(&kdive_test_xarray_single);
	idr_destroy(&kdive_test_idr);
	mtree_destroy(&kdive_test_maple);
	free_percpu(kdive_test_percpu_dynamic);
	kfree(kdive_test_flex);
	kfree(kdive_test_guarded);
}

static int __init kdive_test_init(void)
{
	int error = kdive_test_publish();

	if (!error)
		error = kdive_test_publish_more();
	if (error)
		goto release;
	kdive_test_task = kthread_run(kdive_test_thread, (void *)12L, "kdive_test");
	if (IS_ERR(kdive_test_task)) {
		error = PTR_ERR(kdive_test_task);
		goto release;
	}
	kdive_test_run(6);
	pr_info("kdive_test: ready\n");
	return 0;

release:
	kdive_test_release();
	return error;
}

static void __exit kdive_test_exit(void)
{
	kthread_stop(kdive_test_task);
	kdive_test_release();
}

module_init(kdive_test_init);
module_exit(kdive_test_exit);
MODULE_DESCRIPTION("known objects for the tests of kdive");
MODULE_LICENSE("Dual MIT/GPL");
