// A function that is called, and inlined elsewhere in the same unit: the call says that it goes to the function without its address.
volatile int sink;

int check(int mode, long *where, long count) {
    if (count < 0 || sink == 3)
        return -1;
    sink += mode;
    *where += count;
    return sink;
}

__attribute__((noinline)) int called(long n) {
    long where = n;
    int result = check(1, &where, n + 1);
    return result + sink + (int)where;
}

__attribute__((noinline, flatten)) int inlined(long n) {
    long where = n;
    int result = check(2, &where, n + 2);
    return result + sink + (int)where;
}

int main(int argc, char **argv) {
    return called(argc) + inlined(argc) > 1000;
}
