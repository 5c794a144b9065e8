from hyperpipe.cli import main

main()
