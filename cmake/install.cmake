# What `cmake --install` makes: the binary, the contracts, the shipped pipelines, the manual.
if(TARGET millrace)
  install(TARGETS millrace RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY schemas/ DESTINATION ${CMAKE_INSTALL_DATADIR}/millrace/schemas
  FILES_MATCHING PATTERN "*.avsc")
install(DIRECTORY deploy/pipelines/ DESTINATION ${CMAKE_INSTALL_DATADIR}/millrace/pipelines OPTIONAL)
install(FILES docs/millrace.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
