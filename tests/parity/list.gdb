# list without the sources at hand: the kernel's are not installed.
#: feed lines
list start_kernel
list
list -
list 1,5
list init/main.c:100
list vfs_read
list vfs_read,
list ,vfs_read
list start_kernel,vfs_read
list *start_kernel
list no_such_function
list no_such_file.c:1
list 99999
list init/main.c:99999
show listsize
set listsize 3
list start_kernel
info source
info line
