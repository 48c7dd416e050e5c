/// libFuzzer's own `main`, as a function. The package manager gives every program a main of its own name, so the fuzzer
/// is started from there. Plain integers and pointers are passed alike in Swift's and in C's convention.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

@_cdecl("JSONFuzzer_main")
func start(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    var count = count
    var arguments = unsafe arguments
    // Both variables outlive the run.
    return unsafe runFuzzer(&count, &arguments) { unsafe testOneInput($0, $1) }
}
