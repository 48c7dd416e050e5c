internal import CSystem

/// How far the bytes that were shown have brought the preface.
public enum PrefaceProgress {
    /// All of them belong to it, and it goes on.
    case more
    /// It ends with so many of them.
    case complete(Int)
    /// It is none: the handler has closed the connection.
    case refused
}

/// Bytes in front of everything else on an accepted connection, TLS included, such as a PROXY header.
///
/// They are shown while they still lie in the system, and only those that belong to the preface are taken from there. What
/// follows is then read as if nothing had been before it: nobody has to hold bytes and pass them on. Taking what is known
/// to belong also means that no level-triggered descriptor set tells of the same bytes for ever.
extension StreamSocket {
    /// Bytes that are shown at once at most.
    private static let prefaceSize = 4_096

    func readPreface() {
        while isOpen, awaitsPreface {
            if isPaused {
                mayHaveMore = true
                return
            }
            let count = unsafe recv(descriptor, loop.scratch, Self.prefaceSize, Int32(MSG_PEEK))
            if count > 0 {
                let bytes = unsafe Span(_unsafeStart: UnsafePointer(loop.scratch), count: count)
                guard let progress = handler?.socketDidPeek(bytes), isOpen else { return }
                switch progress {
                case .more: take(count)
                case .complete(let length):
                    awaitsPreface = false
                    take(min(length, count))
                case .refused: return
                }
            } else if count == 0 {
                endWasSeen = false
                if endWasTold { return }
                endWasTold = true
                updateInterest()
                handler?.socketDidReachEnd()
                return
            } else {
                let error = gh_errno()
                if error == EINTR { continue }
                if error != EAGAIN && error != EWOULDBLOCK { fail(error) }
                return
            }
        }
        if isOpen { readAny() }
    }

    /// Takes bytes that were shown a moment ago, so that they are there.
    private func take(_ count: Int) {
        var left = count
        while left > 0 {
            let taken = unsafe recv(descriptor, loop.scratch, left, 0)
            if taken < 0 && gh_errno() == EINTR { continue }
            if taken <= 0 { return }
            left -= taken
        }
    }
}
