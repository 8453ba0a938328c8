//! What is told live, and what is counted instead.

use super::*;

/// What is told live of these bytes.
async fn told(bytes: &[u8], room: usize) -> Vec<String> {
    let (to, from) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map(|(r, w)| (w, r)).unwrap();
    let mut to = pipe::Sender::from_owned_fd(set_nonblocking(to)).unwrap();
    let from = pipe::Receiver::from_owned_fd(set_nonblocking(from)).unwrap();
    let (live, mut pieces) = mpsc::channel(room);
    let budget = Budget(Mutex::new((Instant::now() + Duration::from_secs(3_600), 10)));
    let ended = CancellationToken::new();
    let feed = async {
        for byte in bytes {
            to.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        drop(to);
    };
    tokio::join!(feed, follow(from, Stream::Stdout, 100, &live, &budget, &ended));
    drop(live);
    let mut all = Vec::new();
    while let Some(piece) = pieces.recv().await {
        all.push(piece.text);
    }
    all
}

fn set_nonblocking(end: OwnedFd) -> OwnedFd {
    rustix::io::ioctl_fionbio(&end, true).unwrap();
    end
}

#[tokio::test]
async fn what_is_not_shown_live_is_said_at_the_end_too() {
    let all = told(b"0123456789abc", 100).await.concat();
    assert_eq!(all, "0123456789\n… 3 bytes not shown live …\n");
    assert_eq!(told(b"0123456789", 100).await.concat(), "0123456789");
}

#[test]
fn a_full_channel_is_counted_and_said_with_the_next_piece() {
    let (live, mut pieces) = mpsc::channel(1);
    let (budget, mut unseen) = (Budget::default(), 0);
    for text in ["a", "bc", "def"] {
        tell(&live, Stream::Stderr, text.to_owned(), &budget, &mut unseen);
    }
    assert_eq!((pieces.try_recv().unwrap().text.as_str(), unseen), ("a", 5));
    tell(&live, Stream::Stderr, "g".to_owned(), &budget, &mut unseen);
    assert_eq!(pieces.try_recv().unwrap().text, "\n… 5 bytes not shown live …\ng");
    assert_eq!(unseen, 0);
}
