// SPDX-License-Identifier: MIT OR Apache-2.0
/* A native program that gets signals: handled with the restorer of the C library and with one of its own, ignored and fatal. */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define noinline __attribute__((noinline))

volatile int first, second, winch;

/* As C libraries have it that give no call frame information for it. */
void own_restorer(void);
__asm__(".text\n"
        ".p2align 4\n"
        ".globl __restore_rt\n"
        ".type __restore_rt, @function\n"
        "nop\n"
        "own_restorer:\n"
        "__restore_rt:\n"
        "	mov $15, %rax\n"
        "	syscall\n"
        ".size __restore_rt, . - __restore_rt\n");

struct kernel_sigaction {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

static noinline void raise_signal(int number)
{
    syscall(SYS_tkill, syscall(SYS_gettid), number);
}

static noinline int inner(int depth)
{
    if (depth > 0)
        return inner(depth - 1) + 1;
    second++;
    return second;
}

static void on_second(int number)
{
    second += number;
    inner(1);
}

static void on_first(int number)
{
    first += number;
    raise_signal(SIGUSR2);
    first++;
}

static void on_winch(int number)
{
    winch += number;
}

int main(void)
{
    struct kernel_sigaction action = {on_second, 0x04000000, own_restorer, 0};

    signal(SIGUSR1, on_first);
    signal(SIGWINCH, on_winch);
    syscall(SYS_rt_sigaction, SIGUSR2, &action, NULL, 8);
    raise_signal(SIGUSR1);
    raise_signal(SIGWINCH);
    raise_signal(SIGURG);
    raise_signal(SIGUSR2);
    first = winch;
    raise_signal(SIGUSR1);
    second = first;
    return 0;
}
