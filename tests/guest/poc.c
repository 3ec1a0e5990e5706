// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The module of the walk-through: its init function takes the current task,
 * greets it by name, forgets it and then writes through the lost pointer.
 *
 * Built without optimisation, so that every local lives in its stack slot and
 * can be printed on every line. The functions are not marked __init, so that
 * the address of .text alone is enough to place them.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/sched.h>

static int hello_init(void)
{
	struct task_struct *ts = current;

	printk(KERN_INFO "hello,world,%s\n", ts->comm);
	ts = NULL;
	ts->pid = 0;
	return 0;
}

static void hello_exit(void)
{
	printk(KERN_INFO "goodbye,world\n");
}

module_init(hello_init);
module_exit(hello_exit);
MODULE_DESCRIPTION("walk-through module: writes through a null pointer");
MODULE_LICENSE("Dual MIT/GPL");
