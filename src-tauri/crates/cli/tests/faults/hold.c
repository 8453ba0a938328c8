/* Holds the lock that SQLite's writers take in the log's index (byte 120 of it) until its input ends.
 * Usage: hold DATABASE-shm; it prints a line when it has the lock. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char **words) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 120, .l_len = 1};
    int file = count == 2 ? open(words[1], O_RDWR) : -1;
    if (file < 0 || fcntl(file, F_SETLKW, &lock) != 0) {
        perror("hold");
        return 1;
    }
    puts("held");
    fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0) {
    }
    return 0;
}
