// SPDX-License-Identifier: MIT OR Apache-2.0
/* The floating-point stack with values of each kind. */
volatile int done;

int main(void)
{
    __asm__ volatile("fldpi\nfldz\nfld1\nnop");
    done = 1;
    __asm__ volatile("fldl2t\nfldz\nfld1\nfdivp\nnop");
    done = 2;
    __asm__ volatile("fld1\nfld1\nfld1\nfld1\nfld1\nnop");
    done = 3;
    return 0;
}
