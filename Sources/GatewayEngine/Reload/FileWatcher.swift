internal import Reactor

/// Reloads when a file of the configuration has changed: the file itself, a fragment, a secret, or a symbolic link on the
/// way to one of them.
///
/// One thread, which goes round:
/// 1. Watch the directories on the way to every file of the last load.
/// 2. Look at the files. When anything about them is new, load them; what was read decides whether that is news.
/// 3. When nothing is, wait for the next event and 200 ms of quiet after it, or 10 s.
/// Since the look comes after the watch, a change falls either into the one or into the other.
package final class FileWatcher: Sendable {
    private let controller: ReloadController

    package init(_ controller: ReloadController) {
        self.controller = controller
    }

    /// Starts the thread, which lives as long as the program; false when the system has none left.
    package func start() -> Bool {
        PlainThread.start { [self] in run() }
    }

    private func run() {
        let watch = DirectoryWatch()
        var watched: WatchedFiles?
        var seen: [[UInt64]] = []
        while true {
            let files = WatchedFiles(paths: controller.files)
            // A link may lead elsewhere with the same files in the list.
            watch.watch(files.directories)
            let now = files.identity
            if files == watched && now == seen {
                watch.wait()
                continue
            }
            // A file that is being written is not read: it stays as it is for a while first.
            if watched != nil && watch.settle(files) != now { continue }
            watched = files
            seen = now
            controller.reloadIfNew()
        }
    }
}
