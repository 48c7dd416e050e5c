import FloorProxy

runEpoll()
