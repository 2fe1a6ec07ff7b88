import { Body, Controller, Delete, Get, HttpCode, NotFoundException, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { FaultOrdered, NewFault } from './faults.dto';
import { Faults } from './faults';

@ApiTags('Workbench')
@Controller('faults')
export class FaultsController {
  constructor(private readonly faults: Faults) {}

  /** Orders misbehaviour for the next calls (장애 주입). */
  @Post()
  @HttpCode(200)
  @ApiOkResponse({ type: FaultOrdered })
  add(@Body() order: NewFault): FaultOrdered {
    return this.faults.add(order);
  }

  /** Lists what has been ordered and not yet used up. */
  @Get()
  @ApiOkResponse({ type: [FaultOrdered] })
  list(): FaultOrdered[] {
    return this.faults.list();
  }

  /** Takes one back; calls that it holds go on. */
  @Delete(':id')
  @ApiParam({ name: 'id', description: 'Id of the fault' })
  @ApiOkResponse({ description: 'Taken back' })
  remove(@Param('id') id: string): { removed: true } {
    if (!this.faults.remove(id)) throw new NotFoundException('그런 장애가 없습니다.');
    return { removed: true };
  }

  /** Takes all back. */
  @Delete()
  @ApiOkResponse({ description: 'All taken back' })
  removeAll(): { removed: true } {
    this.faults.removeAll();
    return { removed: true };
  }
}
