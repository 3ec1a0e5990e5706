/*
 * A user program for the test guest: two processes go round in the same functions, with system calls, page faults and each
 * other in between. Compiled without optimisation, so that steps go from line to line.
 */
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

struct record {
	int id;
	struct record *next;
	char name[8];
};

struct record second = { 2, 0, "two" }, first = { 1, &second, "one" };
volatile int counter;

int work(struct record *record, int depth)
{
	int value = record->id;

	if (depth > 0 && record->next)
		value += work(record->next, depth - 1);
	counter += value;
	return value;
}

int touch(volatile char *page)
{
	page[0] = 1;
	page[4096] = 2;
	sched_yield();
	return page[0] + page[4096];
}

int turn(int number)
{
	char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int sum = work(&first, 3);

	sum += touch(page);
	munmap(page, 8192);
	return sum + number;
}

int main(void)
{
	int number = 0;

	fork();
	for (;;) {
		number = turn(number);
		number &= 0xff;
	}
}
