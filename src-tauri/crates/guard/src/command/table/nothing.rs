//! Programs for which a wildcard covers nothing.

use super::{Covers, Row};

pub(super) const ROWS: &[Row] = &[
    Row { programs: WRITERS, covers: Covers::Nothing },
    Row { programs: SENDERS, covers: Covers::Nothing },
    Row { programs: PAGERS_AND_EDITORS, covers: Covers::Nothing },
    Row { programs: INTERPRETERS, covers: Covers::Interpreter },
    Row { programs: SYSTEM, covers: Covers::Nothing },
    Row { programs: SHOWS_ENVIRONMENT, covers: Covers::Nothing },
    Row { programs: WRAPPERS, covers: Covers::Wrapper },
    Row { programs: SHELL_STATE, covers: Covers::Builtin },
    Row { programs: RESERVED, covers: Covers::Builtin },
];

const WRITERS: &str = "7z 7za ar bunzip2 bzip2 chattr chgrp chmod chown compress cp cpio csplit dd \
    ed ex gunzip gzip install link ln logger lzma mkdir mkfifo mknod mktemp mv objcopy patch pax rar \
    rename rm rmdir setfacl setfattr shred split sponge strip tar tee touch truncate uncompress \
    convert ffmpeg magick mogrify pandoc unlink unrar unxz unzip uudecode xz yes zip zstd";

const SENDERS: &str = "aria2c aws az curl dig doctl fly ftp gcloud gh glab gsutil heroku host http \
    https httpie kubectl helm lftp lynx mail mailx mutt nc ncat netcat netlify nmap nslookup oc \
    openssl ping rclone rsync s3cmd scp sendmail sftp socat telnet terraform tftp tofu vercel \
    autossh mosh w3m wget whois wrangler xh";

const PAGERS_AND_EDITORS: &str = "bat batcat code ctags cursor emacs emacsclient gvim helix hx info \
    joe kak less lesspipe lv man micro more most nano nvim open pico pinfo rnano rview rvim sensible-pager \
    ack ag delta fzf glow jed jove lf lnav mc mcedit nnn nvi ranger sk subl vi view vim vimdiff xdg-open zless zmore";

const INTERPRETERS: &str = "awk bc clisp dc elixir erl gawk ghc ghci gnuplot groovy guile iex irb java \
    jshell julia jython lua luajit m4 mawk mongo mongosh mysql nawk ocaml octave osascript perl php pry \
    psql pwsh powershell r racket raku redis-cli rscript ruby sage scala scheme sqlite sqlite3 swift \
    bb bpftrace bpython clj clojure cmd cpp crystal dart dtrace duckdb ecl escript fennel gojq gs ipython \
    jaq janet kotlin latex lualatex maxima mlr nim pdflatex php-cgi ptpython rails runghc runhaskell sbcl \
    tcc tex wasmer wasmtime xelatex yq zig tclsh wish zcat zdiff zgrep bzgrep xzgrep rustc cc gcc g++ c++ clang clang++ ld as javac cmake";

const SYSTEM: &str = "apk apt apt-get aptitude at batch brew bundle bundler cabal composer conda \
    crontab dconf defaults dkms dnf docker docker-compose dpkg fdisk flatpak fusermount gcore gem \
    gpg gpg2 gpgconf gsettings hg hostname iptables kill killall launchctl losetup loginctl lsof mamba \
    mkfs mount nerdctl nix nix-env pacman passwd pip pip3 pkill podman poweroff ps pass pwgen reboot \
    rpm rustup security service shutdown snap ssh-add ssh-agent ssh-keygen svn swapoff swapon sysctl \
    systemctl top htop tmux screen umount useradd userdel usermod vagrant visudo wall write yum zypper";

const SHOWS_ENVIRONMENT: &str = "envsubst printenv";

const WRAPPERS: &str = "arch ash bash bun bunx busybox byobu capsh catchsegv chroot chrt corepack csh \
    dash dbus-run-session deno direnv doas dosh dvtm elvish entr env expect fakechroot fakeroot fish \
    firejail flock gdb ionice ksh ksh93 ld.so linux32 linux64 lldb ltrace mise mksh nice nodemon \
    nohup npx nsenter nu numactl parallel pdksh perf pipenv pipx pkexec pm2 pnpx poetry posh prlimit \
    proot rbash rr rsh rtx runcon runuser rush screenrc script scriptreplay setarch setpriv setsid sg \
    sh softlimit ssh sshpass start-stop-daemon stdbuf strace su sudo sudoedit systemd-run taskset \
    tcsh time timeout toybox trickle tsocks torsocks proxychains unbuffer unshare uv uvx valgrind \
    apptainer aws-vault bacon bear bfs box64 bwrap caffeinate cargo-watch ccache chamber chokidar chpst \
    chronic concurrently crun cross cross-env cross-env-shell distcc distrobox doppler dotenv dtach \
    dumb-init eatmydata env-cmd envdir envuidgid faketime flamegraph foreman gosu hatch heaptrack \
    hivemind honcho hyperfine ifne lckdo lxc lxc-attach mispipe nodenv npm-run-all onchange overmind \
    pdm pee pixi pyenv rbenv rlwrap run-p run-s runc rye samply sandbox-exec scan-build sccache sem \
    setlock setuidgid singularity su-exec systemd-inhibit systemd-nspawn tini toolbox uftrace vipe wine \
    wine64 winpty xcrun xe zrun volta watch watchexec xargs xonsh xvfb-run yash yarn zsh";

/// Builtins of bash, dash, mksh and zsh that change what later commands do, run code, or have no
/// use in a command of their own.
const SHELL_STATE: &str = ". alias autoload bg bind bindkey break builtin caller cd chdir command compadd \
    compdef compgen complete compopt continue declare dirs disown disable emulate enable eval exec \
    exit export fc fg float functions getln getopts global hash help history integer jobs let limit \
    local log logout mapfile noglob nocorrect popd print private pushd pushln read readarray \
    readonly rehash return sched set setopt shift shopt source suspend times trap ttyctl type typeset \
    ulimit umask unalias unfunction unhash unlimit unset unsetopt vared wait whence where zcompile \
    zformat zle zmodload zparseopts zregexparse zstat zstyle ztcp";

/// Words that begin compound commands.
const RESERVED: &str = "! [ [[ ]] case coproc do done elif else end esac fi for foreach function if in \
    repeat select then until while { }";
