# Listing functions, variables and types by regular expression.
#: feed lines
info functions ^start_kernel$
info functions ^vfs_rea
info functions ^security_inode_.*link
info functions no_such_function_anywhere
info functions -q no_such_function_anywhere
info functions -n ^vfs_fsync
info functions -t int ^vfs_fsync
info variables ^init_task$
info variables ^jiffies
info variables -q no_such_variable
info variables ^console_log
info types no_such_type
info types ^kuid
info line init_task
info functions ^__x64_sys_finit
info functions ^copy_from_user$
info functions ^secondary_startup
